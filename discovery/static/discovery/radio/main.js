// One item after the other; a skip counts in the very next one, in every window that listens to this radio.
import { ask, refused } from "../api.js";
import { cover } from "../cards/cover.js";
import { saveAs } from "../cards/playlist.js";
import { say } from "../cards/said.js";
import { discover, item, kindNow, nameOf, tune } from "../music.js";
import { act, at, button, fill, make, onSubmit, tell } from "../page.js";
import * as player from "../player.js";
import { isPrivate } from "../shield.js";
import { subscribe } from "../socket.js";
import { onLeave } from "../visit.js";
import { asDay, gettext, worded } from "../words.js";
import { motion } from "./motion.js";
import * as seeds from "./seeds.js";

const parts = `radioId step resume source degraded motion { valence energy tempo } now { ${item} reasons { text } } upcoming { ${item} }`;
const sources = {
  SUM: gettext("The best by all that you allow"), FAR: gettext("A little farther out"), SESSION: gettext("From this session"),
  FRIENDS: gettext("From your friends"), POPULAR: gettext("Popular here"), MINUTE: gettext("By this session above all"),
};
const empty = {
  NO_MODEL: gettext("No recommender has been trained yet. Come back in a while."),
  NOTHING_NEW: gettext("Everything here that the radio could play, you know or have heard in it."),
};
const sourceNow = () => (queue?.degraded === "NO_EVIDENCE" ? gettext("Drawn at random: there is nothing to go by yet") : sources[queue?.source] ?? gettext("To begin with"));
let queue, heard, last;
let stop = () => {};
let asking = false; // the player has asked for the next one

/** The radio as what plays: it goes on where its page is left. */
const program = {
  get from() { return sourceNow(); },
  more: () => true,
  then: () => queue?.upcoming.map((one) => one.item) ?? [],
  next: (ended, ms) => step(ended ? null : "SKIP", ms),
  less: (ms) => step("DISLIKE", ms),
};

/** A like, or a no, is one's word beyond this radio too; in a private session it stays with the radio. */
async function verdict(kind) {
  const one = last;
  const undo = isPrivate() ? null : await say(one.id, kind);
  await advance(kind);
  if (!undo) return;
  tell(worded(kind === "LIKE" ? gettext("Noted: you like %(name)s.") : gettext("You will hear less like %(name)s."), { name: nameOf(one) }), { undo });
}

async function step(feedback, ms) {
  asking = true;
  try {
    await advance(feedback, ms);
  } finally {
    asking = false;
  }
  return last;
}

export async function start() {
  if (!player.follows(program)) [queue, heard] = [null, []];
  onSubmit("radio-form", () => begin(null));
  at("radio-save").addEventListener("click", () => act(save));
  at("radio-variety").addEventListener("input", ({ target }) => { target.dataset.chosen = true; });
  seeds.begin();
  await discover({ first: 1 }); // what kind of music there is
  const wanted = new URLSearchParams(location.search);
  if (["seed", "tag", "start"].some((each) => wanted.has(each))) {
    at("radio-seed").value = wanted.get("name") ?? wanted.get("tag") ?? "";
    history.replaceState(history.state, "", location.pathname); // a reload goes on instead of starting again
    await begin(wanted.has("seed") ? { seedId: wanted.get("seed") } : wanted.has("tag") ? { tag: wanted.get("tag") } : {});
  } else if (sessionStorage.radio) follow(sessionStorage.radio); // the page was loaded anew
  if (queue) shown();
}

async function begin(chosen) {
  const from = chosen ?? await seeds.chosen();
  const wander = at("radio-variety");
  const { startRadio } = await ask(
    `mutation($seedId: ID, $tag: String, $kind: ItemKind, $variety: Float) {
      startRadio(seedId: $seedId, tag: $tag, kind: $kind, variety: $variety) { ... on RadioQueue { variety ${parts} } ${refused} } }`,
    { seedId: null, tag: null, ...from, kind: kindNow(), variety: wander.dataset.chosen ? Number(wander.value) : null });
  wander.value = startRadio.variety; // where nobody moved it, the server chose
  [queue, heard] = [null, []];
  draw(startRadio);
  sessionStorage.radio = startRadio.radioId;
  follow(startRadio.radioId);
  at("radio").querySelector("button")?.focus({ preventScroll: true });
}

function follow(radioId) {
  stop();
  const mine = stop = subscribe(`subscription($id: ID!) { radioQueue(radioId: $id) { ${parts} } }`, { id: radioId },
    ({ radioQueue }) => draw(radioQueue), () => { delete sessionStorage.radio; }, { stays: true });
  onLeave(() => { if (!player.follows(program)) mine(); });
}

async function advance(feedback, msPlayed = null) {
  const { radioId, step, resume } = queue;
  const { advanceRadio } = await ask(
    `mutation($radioId: ID!, $step: Int, $resume: String, $feedback: FeedbackKind, $msPlayed: Int) {
      advanceRadio(radioId: $radioId, step: $step, resume: $resume, feedback: $feedback, msPlayed: $msPlayed) { ... on RadioQueue { ${parts} } ${refused} } }`,
    { radioId, step, resume, feedback, msPlayed });
  if (feedback === "SKIP" || feedback === "DISLIKE") heard = heard.filter(({ id }) => id !== last?.id);
  draw(advanceRadio);
}

/** What was not skipped, and what would come. */
function save() {
  const songs = [...heard, ...queue.upcoming.map((one) => one.item)].filter((one) => one.artist);
  const unique = [...new Map(songs.map((one) => [one.id, one])).values()];
  return saveAs(worded(gettext("Radio of %(day)s"), { day: asDay(new Date()) }), unique);
}

function draw(fresh) {
  if (queue?.radioId === fresh.radioId && fresh.step <= queue.step) return; // heard of it already
  queue = fresh;
  last = queue.now?.item;
  if (last) heard.push(last);
  if (last) last.reason = queue.now.reasons[0]?.text; // for whoever asks why it plays
  if (player.follows(program) && !asking && !player.plays(last)) player.start(last);
  return at("radio") ? shown() : undefined; // it plays on where its page was left
}

function shown() {
  at("radio-save").hidden = !last?.artist;
  const pressed = document.activeElement?.dataset.outcome;
  if (!queue.now) return fill("radio", [], empty[queue.degraded] ?? gettext("Nothing to play now."));
  const next = (text, feedback, className = "") =>
    Object.assign(button(text, () => act(() => (feedback === "LIKE" || feedback === "DISLIKE" ? verdict(feedback) : advance(feedback))), { about: nameOf(queue.now.item), className }), { id: `radio-${feedback ?? "PLAYED"}` });
  const buttons = [next(gettext("Skip"), "SKIP", "primary"), next(gettext("Like"), "LIKE"), next(gettext("Not for me"), "DISLIKE"), next(gettext("Played to the end"), null, "plain")];
  for (const each of buttons) each.dataset.outcome = each.id;
  fill("radio", [
    make("div", { className: "tune-row" }, cover(queue.now.item), make("div", { className: "words" },
      make("p", { id: "radio-source", className: "quiet" }, sourceNow()), make("div", { id: "radio-now", className: "playing" }, tune(queue.now.item))),
    player.follows(program) ? null : player.playButton(queue.now.item, () => { player.follow(program, last); at("player-toggle").focus(); shown(); })),
    motion(queue.motion),
    queue.now.reasons.length ? make("p", { className: "quiet" }, queue.now.reasons[0].text) : null,
    make("div", { className: "buttons" }, buttons),
    queue.upcoming.length ? make("h2", {}, gettext("Then")) : null,
    make("ol", { id: "radio-then", className: "tunes" }, queue.upcoming.map((one) => make("li", {}, tune(one.item)))),
  ].filter(Boolean));
  if (pressed) at(pressed)?.focus({ preventScroll: true });
  return undefined;
}
