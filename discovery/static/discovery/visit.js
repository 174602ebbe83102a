// One stay on one page. What a page began (sockets, timers, observers) ends when it is left.

let hooks = [];
let number = 0;

/** A number that is another one on the next page. */
export const visit = () => number;

export const onLeave = (hook) => hooks.push(hook);

export function leave() {
  number += 1;
  for (const hook of hooks.splice(0)) hook();
}
