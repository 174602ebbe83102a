// Recommendations with their reasons, and what one can do about each.
import { ask, refused } from "../api.js";
import { discover, item, kindNow, nameOf, picture, recommended, titleOf, tune } from "../music.js";
import { act, at, button, fill, make, onSubmit, tell } from "../page.js";
import { playButton } from "../player.js";
import { asPercent, gettext, worded } from "../words.js";

export const ofViewer = () => `fromFriends(kind: ${kindNow()}, first: 6) { ${recommended} }
  recommendationsReceived(first: 5) { edges { node { id note sender { displayName } ${item} } } }`;

/** What the answer used, and not what it might have. */
const madeFrom = {
  "": gettext("The most popular music here: nothing of yours is used."),
  SELF: gettext("From your plays, likes and skips."),
  SOCIAL_IN: gettext("From what friends play who share it with you."),
  "SELF SOCIAL_IN": gettext("From your plays, likes and skips, and from friends who share with you."),
};
const degraded = {
  NO_MODEL: gettext("No recommender has been trained yet. Come back in a while."),
  MODEL_UNAVAILABLE: gettext("The recommender cannot be read at the moment. Come back in a while."),
  NO_EVIDENCE: gettext("There is nothing of yours to go by yet, so this is what is popular."),
};
const PAGE = 6;
const VARIETY = 0.3;
let friends = [];
let answer;
let proposed = []; // what stands in the list, in its order

export function begin() {
  onSubmit("recommend", recommend);
  at("recommend-cancel").addEventListener("click", () => at("recommend-dialog").close());
  at("more").addEventListener("click", () => act(more));
}

export async function first() {
  answer = await discover({ first: PAGE, variety: VARIETY });
}

export function show(viewer, known) {
  friends = known;
  proposed = answer.edges.map(({ node }) => node.item);
  const untaught = answer.degraded === "NO_MODEL" && proposed.length;
  at("made-from").textContent = untaught ? gettext("From your own libraries, by artist, genre and decade: no recommender has been trained yet.")
    : (degraded[answer.degraded] ?? madeFrom[answer.used.join(" ")]);
  fill("recommendations", answer.edges.map(({ node }) => card(node)), gettext("Nothing yet."));
  at("more").hidden = !answer.pageInfo.hasNextPage;
  fromFriends(viewer.fromFriends);
  received(viewer.recommendationsReceived.edges.map(({ node }) => node));
}

async function more() {
  answer = await discover({ first: PAGE, after: answer.pageInfo.endCursor, variety: VARIETY });
  proposed.push(...answer.edges.map(({ node }) => node.item));
  const fresh = answer.edges.map(({ node }) => card(node));
  at("recommendations").append(...fresh);
  at("more").hidden = !answer.pageInfo.hasNextPage;
  fresh[0]?.querySelector("button").focus();
}

async function again() {
  answer = await discover({ first: PAGE, variety: VARIETY });
  const { viewer } = await ask(`{ viewer { ${ofViewer()} } }`);
  show(viewer, friends);
}

const fromFriends = (answer) => fill("from-friends", answer.edges.map(({ node }) => card(node)),
  gettext("Nothing from friends now."));

function card(node) {
  const name = nameOf(node.item);
  const [first, ...more] = node.reasons;
  return make("li", { className: "card" },
    make("div", { className: "with-cover" }, picture(node.item), tune(node.item), playButton(node.item, proposed.includes(node.item) ? proposed : [node.item], gettext("For you"))),
    first ? make("p", { className: "quiet" }, first.text) : null,
    make("div", { className: "buttons" },
      button(gettext("Like"), () => act(() => feedback(node.item, "LIKE"), worded(gettext("Noted: you like %(name)s."), { name })), { about: name }),
      button(gettext("Less of this"), () => act(() => feedback(node.item, "DISLIKE"), worded(gettext("You will hear less like %(name)s."), { name })), { about: name }),
      friends.length ? button(gettext("Recommend"), () => offer(node.item), { about: name, className: "plain" }) : null),
    first ? make("details", {}, make("summary", {}, gettext("Why this?")), make("ul", { className: "rows" }, [first, ...more].map((reason) => why(reason, name)))) : null);
}

function why({ text, share, action }, name) {
  return make("li", { className: "weight" }, make("span", {}, text), make("span", { className: "share" }, asPercent(share)),
    make("meter", { value: share, attributes: { "aria-hidden": "true" } }),
    action && actions[action.kind] ? make("p", {}, button(action.label, () => act(() => follow(action), gettext("Done. It counts from now on.")), { about: name, className: "plain" })) : null);
}

async function feedback({ id }, kind) {
  await ask(`mutation($id: ID!, $kind: FeedbackKind!) {
    giveFeedback(itemId: $id, kind: $kind) { ... on GivenFeedback { kind } ${refused} } }`, { id, kind });
  await again();
}

/** What a reason's action asks of the API, by its kind. */
const actions = {
  TURN_OFF_PURPOSE: `mutation($purpose: Purpose!) { setConsent(purpose: $purpose, granted: false) { ... on ConsentChange { privacy { level } } ${refused} } }`,
  TURN_OFF_FRIEND: `mutation($target: ID!) { setConsent(purpose: SOCIAL_IN, granted: false, friendId: $target) { ... on ConsentChange { privacy { level } } ${refused} } }`,
  EXCLUDE_FROM_TASTE: `mutation($target: ID!) { excludeFromTaste(id: $target) { ... on PrivacySettings { level } ${refused} } }`,
  SET_LEVEL: `mutation($level: PersonalizationLevel!) { setPersonalizationLevel(level: $level) { ... on PrivacySettings { level } ${refused} } }`,
  HIDE_ITEM: `mutation($target: ID!) { giveFeedback(itemId: $target, kind: HIDE) { ... on GivenFeedback { kind } ${refused} } }`,
};

async function follow({ kind, purpose, target, level }) {
  const variables = { purpose, target, level };
  const asked = Object.keys(variables).filter((name) => actions[kind].includes(`$${name}:`));
  await ask(actions[kind], Object.fromEntries(asked.map((name) => [name, variables[name]])));
  await again();
}

// Recommending by hand

let offered;

function offer(thing) {
  offered = thing;
  at("recommend-title").textContent = worded(gettext("Recommend %(name)s"), { name: nameOf(thing) });
  at("recommend-friend").replaceChildren(...friends.map(({ id, displayName }) => make("option", { value: id }, displayName)));
  at("recommend-dialog").showModal();
}

async function recommend() {
  const chosen = at("recommend-friend").selectedOptions[0];
  at("recommend-dialog").close();
  await ask(`mutation($itemId: ID!, $listenerId: ID!, $note: String!) {
    recommendItem(itemId: $itemId, listenerId: $listenerId, note: $note) { ... on ItemRecommendation { id } ${refused} } }`,
    { itemId: offered.id, listenerId: chosen.value, note: at("recommend-note").value });
  at("recommend-note").value = "";
  tell(worded(gettext("%(friend)s will find %(name)s here."), { friend: chosen.textContent, name: titleOf(offered) }));
}

function received(gifts) {
  at("received").closest("section").hidden = !gifts.length;
  fill("received", gifts.map(({ id, note, sender, item: thing }) => make("li", { className: "card" }, tune(thing),
    make("p", { className: "quiet prose" }, worded(gettext("From %(friend)s"), { friend: sender.displayName }), note ? `: “${note}”` : ""),
    make("div", { className: "buttons" }, button(gettext("Put away"), () => act(() => putAway(id)), { about: nameOf(thing), className: "plain" })))));
}

async function putAway(id) {
  await ask(`mutation($id: ID!) { removeRecommendation(recommendationId: $id) { ... on RemovedRecommendation { recommendationId } ${refused} } }`, { id });
  await again();
}
