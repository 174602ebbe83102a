// One stay on one page. What a page began (sockets, timers, observers) ends when it is left.

let hooks = [];
let number = 0;

/** A number that is another one on the next page. */
export const visit = () => number;

export const onLeave = (hook) => hooks.push(hook);

/** Settles when what the page still had to send has arrived, so that the next one asks for what is so then. */
export async function leave() {
  number += 1;
  await Promise.all(hooks.splice(0).map((hook) => hook()));
}
