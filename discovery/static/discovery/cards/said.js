// What the viewer says of music: a like with its state, a dislike, something hidden. All can be taken back.
import { ask, refused } from "../api.js";
import { nameOf } from "../music.js";
import { act, button, tell } from "../page.js";
import { gettext, worded } from "../words.js";

const liked = new Set(); // ids, as far as is known here
const shown = (id) => document.querySelectorAll(`.like[data-item="${id}"]`);

export const ofViewer = "said: feedback(first: 100) { edges { node { kind item { ... on Track { id } ... on Artist { id } } } } }";

export function know({ said }) {
  liked.clear();
  for (const { node } of said.edges) if (node.kind === "LIKE") liked.add(node.item.id);
  for (const one of document.querySelectorAll(".like")) one.setAttribute("aria-pressed", liked.has(one.dataset.item));
}

export const give = (id, kind) => ask(`mutation($id: ID!, $kind: FeedbackKind!) {
  giveFeedback(itemId: $id, kind: $kind) { ... on GivenFeedback { kind } ${refused} } }`, { id, kind });

/** Say it, and learn how that is undone: what was said before is said again. */
export async function say(id, kind) {
  const { giveFeedback: { replaced } } = await ask(`mutation($id: ID!, $kind: FeedbackKind!) {
    giveFeedback(itemId: $id, kind: $kind) { ... on GivenFeedback { replaced } ${refused} } }`, { id, kind });
  mark(id, kind === "LIKE");
  return async () => {
    await (replaced ? give(id, replaced) : takeBack(id, kind));
    mark(id, replaced === "LIKE");
  };
}

export const takeBack = (id, kind) => ask(`mutation($id: ID!, $kind: FeedbackKind) {
  clearFeedback(itemId: $id, kind: $kind) { ... on ClearedFeedback { cleared } ${refused} } }`, { id, kind });

/** A button that is pressed while the thing is liked. */
export function like(thing) {
  const one = button(gettext("Like"), () => act(() => turn(thing)), { about: nameOf(thing), className: "like" });
  showLike(one, thing);
  return one;
}

/** This button is for this thing now. */
export function showLike(one, thing) {
  one.dataset.item = thing.id;
  one.setAttribute("aria-pressed", liked.has(thing.id));
}

/** Likes it, or takes that back: at once for whoever looks, and back again where it could not be. */
export async function turn(thing, on = !liked.has(thing.id)) {
  mark(thing.id, on);
  let undo = async () => { await give(thing.id, "LIKE"); mark(thing.id, true); };
  try {
    if (on) undo = await say(thing.id, "LIKE");
    else await takeBack(thing.id, "LIKE");
  } catch (error) {
    mark(thing.id, !on);
    throw error;
  }
  tell(worded(on ? gettext("Noted: you like %(name)s.") : gettext("%(name)s is no longer among your likes."), { name: nameOf(thing) }),
    { undo });
}

function mark(id, on) {
  if (on) liked.add(id);
  else liked.delete(id);
  for (const one of shown(id)) one.setAttribute("aria-pressed", on);
}
