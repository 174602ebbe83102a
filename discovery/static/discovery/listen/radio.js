// One item after the other; a skip counts in the very next one, in every window that listens to this radio.
import { ask, refused } from "../api.js";
import { item, kindNow, nameOf, tune } from "../music.js";
import { act, at, button, fill, make, onSubmit } from "../page.js";
import { subscribe } from "../socket.js";
import { gettext, worded } from "../words.js";

const parts = `radioId step resume source now { ${item} reasons { text } } upcoming { ${item} }`;
const sources = {
  SUM: gettext("The best by all that you allow"), FAR: gettext("A little farther out"), SESSION: gettext("From this session"),
  FRIENDS: gettext("From your friends"), POPULAR: gettext("Popular here"), MINUTE: gettext("By this session above all"),
};
let friends = [];
let queue = null;
let stop = () => {};

export const begin = () => onSubmit("radio-form", start);

export function show(_viewer, known) {
  friends = known;
  if (sessionStorage.radio) follow(sessionStorage.radio); // the page was loaded anew
}

async function start() {
  const text = at("radio-seed").value.trim();
  const { startRadio } = await ask(
    `mutation($seedId: ID, $kind: ItemKind, $variety: Float!) {
      startRadio(seedId: $seedId, kind: $kind, variety: $variety) { ... on RadioQueue { ${parts} } ${refused} } }`,
    { seedId: text ? await seed(text) : null, kind: kindNow(), variety: Number(at("radio-variety").value) });
  queue = null;
  draw(startRadio);
  sessionStorage.radio = startRadio.radioId;
  follow(startRadio.radioId);
  at("radio").querySelector("button")?.focus();
}

/** The id of a friend, or of the first hit by that name. */
async function seed(text) {
  const friend = friends.find(({ displayName }) => displayName.toLowerCase() === text.toLowerCase());
  if (friend) return friend.id;
  const { search } = await ask(`query($text: String!) { search(text: $text, first: 1) { edges { node { ... on Track { id } ... on Artist { id } } } } }`, { text });
  if (!search.edges.length) throw new Error(worded(gettext("Nothing here is called “%(text)s”."), { text }));
  return search.edges[0].node.id;
}

function follow(radioId) {
  stop();
  stop = subscribe(`subscription($id: ID!) { radioQueue(radioId: $id) { ${parts} } }`, { id: radioId },
    ({ radioQueue }) => draw(radioQueue), () => { delete sessionStorage.radio; });
}

async function advance(feedback) {
  const { radioId, step, resume } = queue;
  const { advanceRadio } = await ask(
    `mutation($radioId: ID!, $step: Int, $resume: String, $feedback: FeedbackKind) {
      advanceRadio(radioId: $radioId, step: $step, resume: $resume, feedback: $feedback) { ... on RadioQueue { ${parts} } ${refused} } }`,
    { radioId, step, resume, feedback });
  draw(advanceRadio);
}

function draw(fresh) {
  if (queue?.radioId === fresh.radioId && fresh.step <= queue.step) return; // heard of it already
  queue = fresh;
  const pressed = document.activeElement?.dataset.outcome;
  if (!queue.now) return fill("radio", [], gettext("Nothing to play now."));
  const next = (text, feedback, className = "") =>
    Object.assign(button(text, () => act(() => advance(feedback)), { about: nameOf(queue.now.item), className }), { id: `radio-${feedback ?? "PLAYED"}` });
  const buttons = [next(gettext("Skip"), "SKIP", "primary"), next(gettext("Like"), "LIKE"), next(gettext("Not for me"), "DISLIKE"), next(gettext("Played to the end"), null, "plain")];
  for (const each of buttons) each.dataset.outcome = each.id;
  fill("radio", [
    make("p", { className: "quiet" }, sources[queue.source]),
    make("div", { id: "radio-now", className: "playing" }, tune(queue.now.item)),
    queue.now.reasons.length ? make("p", { className: "quiet" }, queue.now.reasons[0].text) : null,
    make("div", { className: "buttons" }, buttons),
    queue.upcoming.length ? make("h3", {}, gettext("Then")) : null,
    make("ol", { id: "radio-then", className: "tunes" }, queue.upcoming.slice(0, 3).map((one) => make("li", {}, tune(one.item)))),
  ].filter(Boolean));
  if (pressed) at(pressed)?.focus();
  return undefined;
}
