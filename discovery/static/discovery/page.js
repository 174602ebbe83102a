// The few lines of DOM that all pages share.

export const at = (id) => document.getElementById(id);

/** An element; text is never read as HTML. */
export function make(name, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Replace what is in the place; `empty` is said where there is nothing. */
export function fill(id, children, empty = "") {
  const place = at(id);
  const quiet = () => make(place.matches("ul, ol") ? "li" : "p", { className: "quiet" }, empty);
  place.replaceChildren(...(children.length || !empty ? children : [quiet()]));
}

let quietly;

/** Say something in the line that screen readers listen to. A message of success goes by itself. */
export function tell(text, isError = false) {
  clearTimeout(quietly);
  at("status").className = isError ? "error" : "";
  at("status").textContent = text;
  if (text && !isError) quietly = setTimeout(() => tell(""), 8000);
}

/** Run an action and say what came of it. */
export async function act(action, done) {
  try {
    await action();
    if (done) tell(done);
  } catch (error) {
    tell(error.message, true);
  }
}

/** A button; `about` tells those who do not see the line it stands in what it is for. */
export const button = (text, onclick, { about, ...rest } = {}) =>
  make("button", { type: "button", onclick, ...rest, attributes: about ? { "aria-label": `${text}: ${about}` } : {} }, text);

/** Runs ``draw``; what had the keyboard and is drawn again has it again. */
export function redrawn(draw) {
  const pressed = document.activeElement?.id;
  draw();
  if (pressed && document.activeElement?.id !== pressed) at(pressed)?.focus();
}

export const row = (words, ...actions) =>
  make("li", { className: "row" }, make("span", {}, words), make("span", { className: "buttons" }, actions));

export const onSubmit = (id, action) =>
  at(id).addEventListener("submit", (event) => { event.preventDefault(); act(action); });
