// The line that screen readers listen to: what came of an action, with a way back for ten seconds.
import { at, button, make } from "./page.js";
import { gettext } from "./words.js";

const SHOWN = 10_000; // milliseconds
let timer;
let passed = () => {};
let sent = Promise.resolve(); // when what was settled has been sent
let before = null; // what had the keyboard before it went into the message

/** Behind an open dialog nothing is seen or read out, so each has a line of its own. */
const places = () => document.querySelectorAll("#status, dialog .told");
const place = () => document.querySelector("dialog[open] .told") ?? at("status");

/** `undo` takes the action back; `expired` is called once when that cannot be done any more, and never rejects. */
export function tell(text, { isError = false, undo = null, expired = () => {} } = {}) {
  settle();
  passed = expired;
  for (const each of places()) {
    each.classList.remove("error");
    each.replaceChildren();
  }
  if (!text) return;
  const back = undo && button(gettext("Undo"), () => takeBack(undo), { id: "undo" });
  place().classList.toggle("error", isError);
  place().replaceChildren(make("span", { className: "said" }, text), ...(back ? [back] : []),
    button("×", close, { className: "plain", label: gettext("Close this message") }));
  if (!isError) timer = setTimeout(close, SHOWN);
}

/** Which error is shown; null where none is. */
export const errorShown = () => document.querySelector(":is(#status, dialog .told).error > .said");

/** An error has nothing to say once something else has succeeded that began after it. */
export function errorGone(earlier) {
  if (earlier && errorShown() === earlier) tell("");
}

/** What can still be undone is settled now; what comes back settles when that, and what was before it, has been sent. */
export function settle() {
  clearTimeout(timer);
  const last = passed;
  passed = () => {};
  sent = Promise.all([sent, last()]);
  return sent;
}

const holds = (one) => [...places()].some((each) => each.contains(one));
const within = () => holds(document.activeElement);

addEventListener("focusin", ({ target, relatedTarget }) => {
  if (holds(target) && !holds(relatedTarget)) before = relatedTarget;
});

/** The focus goes back to where it was, and not with the message. */
function leave() {
  (before?.isConnected ? before : at("main")).focus({ preventScroll: true });
}

function close() {
  if (within()) leave();
  tell("");
}

async function takeBack(undo) {
  clearTimeout(timer);
  passed = () => {};
  try {
    await undo();
    if (within()) leave();
    tell(gettext("Undone."));
  } catch (error) {
    tell(error.message, { isError: true });
  }
}
