// The bar that plays: one sound, and what comes after it.
import { ask } from "./api.js";
import { know, ofViewer, say, showLike, turn } from "./cards/said.js";
import * as hearing from "./hearing.js";
import { nameOf } from "./music.js";
import { act, at, button, fill, make, tell } from "./page.js";
import { onScreens } from "./screens.js";
import { isPrivate } from "./shield.js";
import { gettext, worded } from "./words.js";

const sound = at("player-sound");
// What comes: { from, next(ended, ms), more(), then(), back?(), to?(number), less?(ms) }. `from`: in words; `then` lists what follows and `to` goes there.
let program;
export let [track, over] = [undefined, false]; // over: nothing came after it

/** Where it sounds on this page; undefined where nowhere. */
export const soundOf = ({ play = [] }) => play.find(({ kind }) => kind !== "LINK");

/** A button for a track; null where it cannot be heard here. `begin`: once it is pressed. */
export const playButton = (one, begin) =>
  soundOf(one) ? make("button", {
    type: "button", className: "play", onclick: begin,
    attributes: { "aria-label": worded(gettext("Play %(name)s"), { name: one.title }) },
  }, "▶") : null;

/** Play a track, then what of the list behind it can be heard; `from`: in words. */
export function play(one, list = [one], from = "") {
  const queue = list.filter(soundOf);
  let place = queue.findIndex(({ id }) => id === one.id);
  const to = (number) => queue[place = number];
  follow({ from, next: () => to(place + 1), back: () => to(Math.max(0, place - 1)), more: () => place + 1 < queue.length,
    then: () => queue.slice(place + 1), to: (number) => to(place + 1 + number) }, one);
}

/** What was liked before. */
const known = () => act(async () => know((await ask(`{ viewer { ${ofViewer} } }`)).viewer));

/** Play `first`, and then what the program says. */
export function follow(one, first) {
  hearing.tell();
  if (at("player").hidden) known();
  program = one;
  start(first);
}

export const follows = (one) => program === one;
export const plays = (one) => track?.id === one?.id;

/** What plays now, by the program; a track that cannot be heard here is shown and does not sound. */
export function start(one) {
  hearing.tell();
  if (!one) return stop();
  [track, over] = [one, false];
  const link = soundOf(one);
  at("player").hidden = false;
  at("player-title").textContent = one.title;
  at("player-artist").textContent = one.artist?.name ?? "";
  at("player-from").textContent = [program.from, link ? link.library : gettext("It cannot be heard here.")].filter(Boolean).join(" · ");
  at("player-cover").src = one.cover;
  at("player-next").disabled = !program.more();
  showLike(at("player-like"), one);
  showQueue();
  onScreens(one, { play: begun, pause: () => sound.pause(), nexttrack: program.more() ? () => go(false) : null,
    previoustrack: program.back ? () => start(program.back()) : null, seekto: ({ seekTime }) => { sound.currentTime = seekTime; } });
  if (!link) return sound.pause();
  hearing.begin(one.id);
  sound.src = link.url;
  act(begun);
  return undefined;
}

/** Another song may have been chosen before this one could begin: that is no failure. */
const begun = () => sound.play().catch((error) => { if (error.name !== "AbortError") throw error; });

/** What comes after it; of a list, each can be gone to. */
function showQueue() {
  fill("player-list", program.then().map((each, number) => make("li", {}, program.to ? button(nameOf(each), () => {
    at("player-then").hidePopover();
    start(program.to(number));
  }, { className: "plain" }) : nameOf(each))), gettext("Nothing comes after this."));
}

/** It goes on with the next one, so that nobody hears out what they want less of. */
async function less() {
  const [one, ms] = [track, hearing.heardMs()];
  hearing.tell();
  const undo = program.less && isPrivate() ? null : await say(one.id, "DISLIKE"); // a radio heeds it without keeping it
  if (track === one) start(await (program.less ?? ((heard) => program.next(false, heard)))(ms));
  if (undo) tell(worded(gettext("You will hear less like %(name)s."), { name: nameOf(one) }), { undo });
}
/** Nothing comes after it: it stays in the bar, and is begun again by whoever wants to. */
function stop() {
  sound.pause();
  over = true;
}
/** What played is over, as a room that one leaves. */
export function end() {
  hearing.tell();
  stop();
  program = track = undefined;
  at("player").hidden = true;
}

/** To the next: the program learns whether this one was heard out, and how many milliseconds of it were heard. */
const go = (ended) => act(async () => {
  const ms = hearing.heardMs();
  hearing.tell();
  start(await program.next(ended, ms));
});

const clock = (seconds) => `${Math.floor(seconds / 60)}:${`${Math.floor(seconds % 60)}`.padStart(2, "0")}`;

/** How long it is: as the sound says, or else as the catalog does. */
const length = () => (Number.isFinite(sound.duration) ? sound.duration : (track?.durationMs ?? 0) / 1000);

function looked() {
  hearing.look(sound);
  Object.assign(at("player-seek"), { max: length(), value: sound.currentTime });
  at("player-time").textContent = clock(sound.currentTime);
  at("player-seek").setAttribute("aria-valuetext", worded(gettext("%(now)s of %(all)s"), { now: clock(sound.currentTime), all: clock(length()) }));
}

function shown() {
  at("player-toggle").textContent = sound.paused ? "▶" : "❚❚";
  at("player-toggle").setAttribute("aria-label", sound.paused ? gettext("Play") : gettext("Pause"));
}

function broken() {
  if (sound.getAttribute("src")) act(() => { throw new Error(gettext("This cannot be played now. Perhaps its music server is off.")); });
}

sound.addEventListener("timeupdate", looked);
sound.addEventListener("ended", () => go(true));
sound.addEventListener("error", broken);
for (const event of ["play", "pause"]) sound.addEventListener(event, shown);
at("player-toggle").addEventListener("click", () => over ? start(track) : act(() => (sound.paused ? begun() : sound.pause())));
at("player-next").addEventListener("click", () => go(false));
at("player-like").addEventListener("click", () => track && act(() => turn(track)));
at("player-less").addEventListener("click", () => track && act(less));
at("player-seek").addEventListener("input", () => { sound.currentTime = Number(at("player-seek").value); });
at("player-volume").addEventListener("input", () => { sound.volume = localStorage.volume = Number(at("player-volume").value); });
at("player-volume").value = sound.volume = Number(localStorage.volume ?? 1);
addEventListener("playtoggle", (event) => {
  if (!track) return;
  event.preventDefault();
  at("player-toggle").click();
});
addEventListener("privacychange", ({ detail }) => { if (track && detail.session) hearing.part(track.id); });
addEventListener("pagehide", hearing.tell);
