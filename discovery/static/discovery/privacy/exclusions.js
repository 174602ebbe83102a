// What counts for nothing: found by name, looked at before, left out, counted again.
import { ask, refused } from "../api.js";
import { kindNow, nameOf, titleOf } from "../music.js";
import { act, at, button, fill, make, onSubmit, row, tell } from "../page.js";
import { gettext, worded } from "../words.js";

const named = "... on Artist { name } ... on Track { title artist { name } }";
export const ofViewer = `privacy { exclusions { id ${named} ... on Playlist { title } } }`;

let load;

export function begin(reload) {
  load = reload;
  onSubmit("exclude", find);
}

export function show({ viewer }) {
  fill("exclusions", viewer.privacy.exclusions.map((thing) => row(nameOf(thing),
    button(gettext("Count again"), () => act(() => exclude(thing, false)), { about: titleOf(thing) }))), gettext("Nothing is left out."));
}

async function find() {
  const { search } = await ask(`query($text: String!) { search(text: $text, kind: ARTIST, first: 5) {
    edges { node { ... on Artist { id name } } } } }`, { text: at("exclude-text").value });
  fill("preview", []);
  fill("hits", search.edges.map(({ node }) => row(node.name,
    button(gettext("What would change?"), () => act(() => preview(node)), { about: node.name, className: "plain" }),
    button(gettext("Leave out"), () => act(() => exclude(node, true)), { about: node.name }))), gettext("No artist of that name."));
}

async function preview(thing) {
  const { viewer } = await ask(`query($id: ID!, $kind: ItemKind!) { viewer { previewRemoval(id: $id, kind: $kind, first: 10) {
    signals lost { ${named} } gained { ${named} } } } }`, { id: thing.id, kind: kindNow() });
  const { lost, gained } = viewer.previewRemoval;
  const list = (title, items) => (items.length ? [make("h4", {}, title), make("ul", {}, items.map((one) => make("li", {}, nameOf(one))))] : []);
  fill("preview", [make("p", {}, lost.length
    ? worded(gettext("Without %(name)s, of your first ten:"), { name: thing.name })
    : worded(gettext("Without %(name)s, your first ten would stay as they are."), { name: thing.name })),
  ...list(gettext("These would go"), lost), ...list(gettext("These would come"), gained)]);
}

async function exclude(thing, excluded) {
  await ask(`mutation($id: ID!, $excluded: Boolean!) {
    excludeFromTaste(id: $id, excluded: $excluded) { ... on PrivacySettings { level } ${refused} } }`, { id: thing.id, excluded });
  fill("hits", []);
  fill("preview", []);
  await load();
  at("exclude-text").focus({ preventScroll: true });
  tell(worded(excluded ? gettext("%(name)s counts for nothing now.") : gettext("%(name)s counts again."), { name: titleOf(thing) }));
}
