// The line that screen readers listen to: what came of an action, with a way back for ten seconds.
import { at, button, make } from "./page.js";
import { gettext } from "./words.js";

const SHOWN = 10_000; // milliseconds
let timer;
let passed = () => {};

/** `undo` takes the action back; `expired` is called once when that cannot be done any more. */
export function tell(text, { isError = false, undo = null, expired = () => {} } = {}) {
  settle();
  passed = expired;
  const place = at("status");
  place.className = isError ? "error" : "";
  if (!text) return place.replaceChildren();
  const back = undo && button(gettext("Undo"), () => takeBack(undo), { id: "undo" });
  place.replaceChildren(make("span", { className: "said" }, text), ...(back ? [back] : []),
    button("×", close, { className: "plain", label: gettext("Close this message") }));
  if (!isError) timer = setTimeout(close, SHOWN);
  return undefined;
}

/** Which error is shown; null where none is. */
export const errorShown = () => at("status").querySelector(":scope.error > .said");

/** An error has nothing to say once something else has succeeded that began after it. */
export function errorGone(before) {
  if (before && errorShown() === before) tell("");
}

/** What can still be undone is settled now. */
export function settle() {
  clearTimeout(timer);
  const last = passed;
  passed = () => {};
  last();
}

/** The focus goes back to where it was, and not with the message. */
function close() {
  const within = at("status").contains(document.activeElement);
  tell("");
  if (within) at("main").focus({ preventScroll: true });
}

async function takeBack(undo) {
  clearTimeout(timer);
  passed = () => {};
  try {
    await undo();
    tell(gettext("Undone."));
  } catch (error) {
    tell(error.message, { isError: true });
  }
}
