// What is behind "…": the whole sum with what one can do about each part, and everything that can be done with a song.
import { ask, refused } from "../api.js";
import { nameOf, titleOf } from "../music.js";
import { act, at, button, fill, make, tell } from "../page.js";
import { asPercent, gettext } from "../words.js";
import { elsewhere } from "./elsewhere.js";
import { choosePlaylist } from "./playlist.js";
import { recommend } from "./recommend.js";
import { closeSheet, openSheet } from "./sheet.js";

export function openMenu(node, { away }) {
  const thing = node.item;
  const [name, artist] = [nameOf(thing), thing.artist ?? thing];
  const closing = (action) => () => { closeSheet(); act(action); };
  openSheet(name, [
    make("a", { className: "button", href: `/radio/?seed=${encodeURIComponent(thing.id)}&name=${encodeURIComponent(titleOf(thing))}`, onclick: closeSheet }, gettext("Start radio")),
    ...elsewhere(thing),
    ...(thing.artist ? [button(gettext("Add to a playlist"), () => act(() => choosePlaylist(thing)))] : []),
    button(gettext("Recommend to a friend"), () => act(() => recommend(thing))),
    button(gettext("Less of this"), closing(() => away("DISLIKE", { id: thing.id, name })), { className: "less" }),
    button(gettext("Hide the artist"), closing(() => away("HIDE", { id: artist.id, name: titleOf(artist) })), { className: "hide" }),
  ]);
  sum(node.reasons ?? []);
}

/** Every part of the score, the largest first; what is too small to be named stands in the last line. */
function sum(reasons) {
  at("why").closest("section").hidden = !reasons.length;
  const rest = 1 - reasons.reduce((total, { share }) => total + share, 0);
  fill("why", [...reasons.map(part), ...(rest > 0.005 ? [line(gettext("Everything smaller, together"), rest)] : [])]);
}

const line = (text, share, ...more) => make("li", { className: "weight" }, make("span", {}, text), make("span", { className: "share" }, asPercent(share)),
  make("meter", { value: share, attributes: { "aria-hidden": "true" } }), more);

const part = ({ kind, text, share, action }) => line(text, share, deed(kind, action));

/** What can be done about it. Where popularity stands alone for want of a permission, the permissions are elsewhere. */
function deed(kind, action) {
  if (action && actions[action.kind]) return make("p", {}, button(action.label, () => { closeSheet(); act(() => follow(action)); }, { className: "plain" }));
  return kind === "POPULARITY" ? make("p", {}, make("a", { href: "/privacy/", onclick: closeSheet }, gettext("Change what is used"))) : null;
}

const on = (mutation, kind) => `mutation($it: ${kind}) { ${mutation} { __typename ${refused} } }`;
const named = {
  TURN_OFF_PURPOSE: ["purpose", "Purpose!", (granted) => `setConsent(purpose: $it, granted: ${granted})`],
  TURN_OFF_FRIEND: ["target", "ID!", (granted) => `setConsent(purpose: SOCIAL_IN, granted: ${granted}, friendId: $it)`],
  EXCLUDE_FROM_TASTE: ["target", "ID!", (counts) => `excludeFromTaste(id: $it, excluded: ${!counts})`],
  HIDE_ITEM: ["target", "ID!", (shown) => (shown ? "clearFeedback(itemId: $it, kind: HIDE)" : "giveFeedback(itemId: $it, kind: HIDE)")],
  SET_LEVEL: ["level", "PersonalizationLevel!", () => "setPersonalizationLevel(level: $it)"],
};
/** By the kind of a reason's action: what it asks of the API, and how that is taken back. */
const actions = Object.fromEntries(Object.entries(named).map(([kind, [from, type, mutation]]) => [kind, {
  do: (action) => ask(on(mutation(false), type), { it: action[from] }),
  undo: (action) => ask(on(mutation(true), type), { it: action[from] }),
}]));

async function follow(action) {
  const before = action.kind === "SET_LEVEL" ? (await ask("{ viewer { privacy { level } } }")).viewer.privacy.level : null;
  await actions[action.kind].do(action);
  tell(gettext("Done. It counts from now on."), { undo: () => actions[action.kind].undo(before ? { ...action, level: before } : action) });
}
