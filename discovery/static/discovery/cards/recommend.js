// Recommending by hand, to one friend, with a word; in the dialog behind "…".
import { ask, refused } from "../api.js";
import { nodes, titleOf } from "../music.js";
import { act, at, make, nothing, tell } from "../page.js";
import { gettext, worded } from "../words.js";
import { named } from "../together/names.js";

export async function recommend(thing) {
  const { viewer } = await ask("{ viewer { friends(first: 100) { edges { node { id handle displayName } } } } }");
  const friends = nodes(viewer.friends);
  if (!friends.length) {
    at("more-place").replaceChildren(nothing(gettext("You have no friends here yet."), gettext("Find people"), "/together/"));
    return;
  }
  const whom = make("select", { id: "recommend-friend" }, friends.map((one) => make("option", { value: one.id }, named(one, friends))));
  const note = make("input", { id: "recommend-note", type: "text", maxLength: 280, autocomplete: "off" });
  const form = make("form", { id: "recommend", className: "stack" }, make("label", { htmlFor: whom.id }, gettext("To")), whom,
    make("label", { htmlFor: note.id }, gettext("A word with it, if you like")), note,
    make("div", {}, make("button", { className: "primary" }, gettext("Send"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => send(thing, whom.selectedOptions[0], note.value));
  });
  at("more-place").replaceChildren(make("h3", {}, gettext("Recommend to a friend")), form);
  whom.focus();
}

async function send(thing, chosen, note) {
  const { recommendItem: sent } = await ask(`mutation($itemId: ID!, $listenerId: ID!, $note: String!) {
    recommendItem(itemId: $itemId, listenerId: $listenerId, note: $note) { ... on ItemRecommendation { id } ${refused} } }`,
    { itemId: thing.id, listenerId: chosen.value, note });
  at("more").close();
  tell(worded(gettext("%(friend)s will find %(name)s here."), { friend: chosen.textContent, name: titleOf(thing) }), { undo: () => unsend(sent.id) });
}

export const unsend = (id) => ask(
  `mutation($id: ID!) { removeRecommendation(recommendationId: $id) { ... on RemovedRecommendation { recommendationId } ${refused} } }`, { id });
