// The bar that plays: one sound, and what comes after it.
import { isLiked, turn } from "./cards/said.js";
import * as hearing from "./hearing.js";
import { act, at, make } from "./page.js";
import { gettext, worded } from "./words.js";

const sound = at("player-sound");
let program; // { from, next(ended, ms), back?, more() }: what comes, and where it comes from in words
let track;

/** Where the track sounds on this page; undefined where nowhere. */
const soundOf = ({ play = [] }) => play.find(({ kind }) => kind !== "LINK");

/** A button for a track that can be heard here; null where it cannot. `begin` is called when it is pressed. */
export const playButton = (one, begin) =>
  soundOf(one) ? make("button", {
    type: "button", className: "play", onclick: begin,
    attributes: { "aria-label": worded(gettext("Play %(name)s"), { name: one.title }) },
  }, "▶") : null;

/** Play a track, then what of the list behind it can be heard. `from` says in words where it comes from. */
export function play(one, list = [one], from = "") {
  const queue = list.filter(soundOf);
  let place = queue.findIndex(({ id }) => id === one.id);
  follow({ from, next: () => queue[place += 1], back: () => queue[place = Math.max(0, place - 1)], more: () => place + 1 < queue.length }, one);
}

/** Play `first`, and then what the program says. */
export function follow(one, first) {
  hearing.tell();
  program = one;
  start(first);
}

export const follows = (one) => program === one;
export const plays = (one) => track?.id === one?.id;

/** What plays now, by the program; a track that cannot be heard here is shown and does not sound. */
export function start(one) {
  hearing.tell();
  if (!one) return stop();
  track = one;
  const link = soundOf(one);
  at("player").hidden = false;
  at("player-title").textContent = one.title;
  at("player-artist").textContent = one.artist?.name ?? "";
  at("player-from").textContent = [program.from, link ? link.library : gettext("It cannot be heard here.")].filter(Boolean).join(" · ");
  at("player-cover").src = one.cover;
  at("player-next").disabled = !program.more();
  at("player-like").dataset.item = one.id;
  at("player-like").setAttribute("aria-pressed", isLiked(one.id));
  onScreens();
  if (!link) return sound.pause();
  hearing.begin(one.id);
  sound.src = link.url;
  act(() => sound.play());
  return undefined;
}

function stop() {
  sound.pause();
  track = undefined;
}

/** What played is over, as a room that one leaves. */
export function end() {
  hearing.tell();
  stop();
  program = undefined;
  at("player").hidden = true;
}

/** To the next: the program learns whether this one was heard out, and how many milliseconds of it were heard. */
const go = (ended) => act(async () => {
  const ms = hearing.heardMs();
  hearing.tell();
  start(await program.next(ended, ms));
});

/** What the screen of a phone, a keyboard's keys and a headset are told, and what they may do. */
function onScreens() {
  if (!navigator.mediaSession) return;
  navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, artist: track.artist?.name ?? "", artwork: [{ src: track.cover }] });
  const acts = { play: () => sound.play(), pause: () => sound.pause(), nexttrack: program.more() ? () => go(false) : null,
    previoustrack: program.back ? () => start(program.back()) : null, seekto: ({ seekTime }) => { sound.currentTime = seekTime; } };
  for (const [name, act_] of Object.entries(acts)) navigator.mediaSession.setActionHandler(name, act_);
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${`${Math.floor(seconds % 60)}`.padStart(2, "0")}`;

/** How long it is: as the sound says, or else as the catalog does. */
const length = () => (Number.isFinite(sound.duration) ? sound.duration : (track?.durationMs ?? 0) / 1000);

function looked() {
  hearing.look(sound);
  at("player-seek").max = length();
  at("player-seek").value = sound.currentTime;
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
at("player-toggle").addEventListener("click", () => act(() => (sound.paused ? sound.play() : sound.pause())));
at("player-next").addEventListener("click", () => go(false));
at("player-like").addEventListener("click", () => track && act(() => turn(track, !isLiked(track.id))));
at("player-seek").addEventListener("input", () => { sound.currentTime = Number(at("player-seek").value); });
at("player-volume").addEventListener("input", () => { sound.volume = localStorage.volume = Number(at("player-volume").value); });
at("player-volume").value = sound.volume = Number(localStorage.volume ?? 1);
addEventListener("playtoggle", (event) => {
  if (!track) return;
  event.preventDefault();
  at("player-toggle").click();
});
addEventListener("pagehide", () => hearing.tell({ keepalive: true }));
