// The discovery page: what to listen to and why, the radio, a blend, the neighborhood.
import { act, ask, at, button, fill, item, make, named, refused } from "./api.js";
import { draw } from "./map.js";

const list = `edges { node { ${item} reasons { text share action { purpose label } } } } level degraded`;
const radioParts = `radioId step resume degraded now { ${item} reasons { text } } upcoming { ${item} }`;

async function load() {
  const { viewer } = await ask(`{ viewer {
    discover(kind: TRACK, first: 10) { ${list} }
    fromFriends(kind: TRACK, first: 5) { ${list} }
    friends(first: 12) { edges { node { id displayName handle } } } } }`);
  at("made-from").textContent = words[viewer.discover.level];
  fill("recommendations", viewer.discover.edges.map(({ node }) => card(node)), "Nothing yet. Play something first.");
  fill("from-friends", viewer.fromFriends.edges.map(({ node }) => card(node)), "No friend shares music with you at this level.");
  return viewer.friends.edges.map(({ node }) => node);
}

const words = {
  OFF: "The most popular music here, the same for everyone.",
  BASIC: "From this session only.",
  OWN: "From what you play.",
  SOCIAL: "From what you and consenting friends play.",
  CONTEXT: "From what you and consenting friends play, and the occasion.",
};

function card(node) {
  const name = named(node.item);
  return make("li", {}, make("div", { className: "title" }, name),
    ...node.reasons.map((reason) => make("p", { className: "quiet" }, reason.text)),
    make("div", { className: "buttons" },
      button("Less of this", () => act(() => less(node.item.id), `You will hear less like ${name}.`), name),
      ...actions(node.reasons).map((action) => button(action.label, () => act(() => turnOff(action.purpose), "Done. It counts from now on."), name))));
}

const actions = (reasons) => [...new Map(reasons.filter((r) => r.action).map((r) => [r.action.purpose, r.action])).values()];

async function less(id) {
  await ask(`mutation($id: ID!) { giveFeedback(itemId: $id, kind: DISLIKE) { ... on GivenFeedback { kind } ${refused} } }`, { id });
  await load();
}

async function turnOff(purpose) {
  await ask(`mutation($purpose: Purpose!) { setConsent(purpose: $purpose, granted: false) { ... on ConsentChange { privacy { level } } ${refused} } }`, { purpose });
  await load();
}

async function startRadio() {
  const { startRadio: queue } = await ask(`mutation { startRadio(kind: TRACK) { ... on RadioQueue { ${radioParts} } ${refused} } }`);
  showRadio(queue);
}

async function advance({ radioId, step, resume }, feedback) {
  const { advanceRadio: queue } = await ask(
    `mutation($radioId: ID!, $step: Int, $resume: String, $feedback: FeedbackKind) {
      advanceRadio(radioId: $radioId, step: $step, resume: $resume, feedback: $feedback) { ... on RadioQueue { ${radioParts} } ${refused} } }`,
    { radioId, step, resume, feedback });
  showRadio(queue);
}

function showRadio(queue) {
  at("radio-start").hidden = true;
  if (!queue.now) return fill("radio", [], "Nothing is left to play.");
  const next = (text, feedback) => button(text, () => act(() => advance(queue, feedback)), null);
  at("radio").replaceChildren(
    make("div", { className: "title", id: "radio-now" }, named(queue.now.item)),
    make("p", { className: "quiet" }, queue.now.reasons[0]?.text ?? ""),
    make("div", { className: "buttons" }, next("Skip", "SKIP"), next("Like", "LIKE"), next("Played", null)),
    make("p", { className: "quiet" }, queue.upcoming.length ? `Then: ${queue.upcoming.slice(0, 3).map((u) => named(u.item)).join(", ")}` : ""));
}

function offerBlend(friends) {
  at("blend").closest("section").hidden = !friends.length;
  at("blend-friends").replaceChildren(...friends.map((friend) =>
    make("label", {}, make("input", { type: "checkbox", value: friend.id }), friend.displayName || friend.handle)));
  at("blend").addEventListener("submit", (event) => { event.preventDefault(); act(blend); });
}

async function blend() {
  const ids = [...at("blend-friends").querySelectorAll(":checked")].map((box) => box.value);
  if (!ids.length) throw new Error("Choose at least one friend.");
  const { viewer } = await ask(`query($with: [ID!]!) { viewer { blend(with: $with, first: 10) {
    items { ${item} people { listener { displayName handle } } } } } }`, { with: ids });
  fill("blend-items", viewer.blend.items.map((entry) => make("li", {},
    make("div", { className: "title" }, named(entry.item)),
    make("p", { className: "quiet" }, `For ${entry.people.map(({ listener }) => listener.displayName || listener.handle).join(", ")}`))),
    "Nothing to blend: both sides have to share with each other.");
}

act(async () => {
  const friends = await load();
  offerBlend(friends);
  await draw(at("map"), friends);
});
