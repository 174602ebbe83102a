// The few lines of DOM that all pages share.
import { errorGone, errorShown, tell } from "./messages.js";
import { visit } from "./visit.js";

export { tell };
export const at = (id) => document.getElementById(id);

/** An element; text is never read as HTML. */
export function make(name, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Replace what is in the place; `empty` is said where there is nothing: words, or an element with the button that fills it. */
export function fill(id, children, empty = "") {
  const place = at(id);
  const quiet = () => (empty instanceof Node && !place.matches("ul, ol") ? empty : make(place.matches("ul, ol") ? "li" : "p", { className: "quiet" }, empty));
  place.replaceChildren(...(children.length || !empty ? children : [quiet()]));
}

/** Words for an empty place, and the link that fills it. */
export const nothing = (words, text, href) => make("span", { className: "nothing" }, words, " ", make("a", { className: "button", href }, text));

/** Run an action and say what came of it. What a page that was left still has to say is said to nobody. */
export async function act(action, done) {
  const begun = visit();
  const before = errorShown();
  try {
    await action();
    if (begun !== visit()) return;
    if (done) tell(done);
    else errorGone(before);
  } catch (error) {
    if (begun === visit()) tell(error.message, { isError: true });
  }
}

/** A button; `about` tells those who do not see the line it stands in what it is for. */
export function button(text, onclick, { about, label = about && `${text}: ${about}`, ...rest } = {}) {
  return make("button", { type: "button", onclick, ...rest, attributes: label ? { "aria-label": label } : {} }, text);
}

/** Runs ``draw``; what had the keyboard and is drawn again has it again. */
export function redrawn(draw) {
  const pressed = document.activeElement?.id;
  draw();
  if (pressed && document.activeElement?.id !== pressed) at(pressed)?.focus({ preventScroll: true });
}

export const row = (words, ...actions) =>
  make("li", { className: "row" }, make("span", {}, words), make("span", { className: "buttons" }, actions));

export const onSubmit = (id, action) =>
  at(id).addEventListener("submit", (event) => { event.preventDefault(); act(action); });

/** Takes a line out of its list; the keyboard goes to the line beside it, or to `otherwise`. */
export function takeOut(line, otherwise) {
  const beside = line.nextElementSibling ?? line.previousElementSibling;
  const within = line.contains(document.activeElement);
  line.remove();
  if (within) (beside?.querySelector("button, a") ?? otherwise)?.focus({ preventScroll: true });
}
