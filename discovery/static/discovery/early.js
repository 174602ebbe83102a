// What is pressed before a page's script has come is done as soon as it has.

let ready = true;
let waiting = [];

export function begin() {
  for (const kind of ["click", "submit"]) addEventListener(kind, hold, true);
}

export function closed() {
  [ready, waiting] = [false, []];
}

export function opened() {
  ready = true;
  for (const again of waiting.splice(0)) again();
}

function hold(event) {
  if (ready || !event.target.closest("main[data-page]")) return;
  const { submitter } = event;
  const one = event.target.closest(event.type === "click" ? "button[type=button]" : "form:not([method=post])");
  if (!one) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.push(() => (event.type === "click" ? one.click() : one.requestSubmit(submitter)));
}
