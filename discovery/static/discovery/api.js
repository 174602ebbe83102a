// The GraphQL API with the session's cookie, and the few lines of DOM that both pages share.

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Answer of the API; throws an Error with a sentence for people. */
export async function ask(query, variables = {}) {
  const response = await fetch("/graphql/", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  for (const value of Object.values(data)) {
    if (value?.messages) throw new Error(value.messages[0].message); // a refusal of a mutation
  }
  return data;
}

export const refused = "... on OperationInfo { messages { message } }";
export const item = "item { ... on Track { id title artist { name } } ... on Artist { id name } }";

export const named = (it) => (it.title ? `${it.title} – ${it.artist.name}` : it.name ?? it.displayName);

export const at = (id) => document.getElementById(id);

/** An element; text is never read as HTML. */
export function make(name, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

export function fill(id, children, empty) {
  const line = make(at(id).matches("ul, ol") ? "li" : "p", { className: "quiet" }, empty ?? "");
  at(id).replaceChildren(...(children.length || !empty ? children : [line]));
}

export const say = (text) => { at("status").textContent = text; };

/** Run an action and say what came of it. */
export async function act(action, done) {
  try {
    say("");
    await action();
    if (done) say(done);
  } catch (error) {
    say(error.message);
  }
}

export const button = (text, onclick, about, className = "") =>
  make("button", { type: "button", onclick, className, attributes: about ? { "aria-label": `${text}: ${about}` } : {} }, text);
