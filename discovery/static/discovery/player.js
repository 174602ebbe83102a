// The bar that plays: one sound, what comes after it, and a word to the API when it was heard.
import { ask, refused } from "./api.js";
import { give, know, ofViewer, showLike, takeBack, turn } from "./cards/said.js";
import { nameOf } from "./music.js";
import { act, at, button, fill, make, tell } from "./page.js";
import { gettext, worded } from "./words.js";

const STEP = 1.5; // seconds that a sound may go on between two looks at it; more is a leap
const sound = at("player-sound");
let queue = [];
let place = -1;
let heard; // of what plays: { id, trackId, at, seconds, looked }

/** A button for a track that can be heard here; null where it cannot. `list` and `from` are asked when it is pressed, as `play` takes them. */
export const playButton = (track, list = () => [track], from = () => "") =>
  track.play?.length ? make("button", {
    type: "button", className: "play", onclick: () => play(track, list(), from()),
    attributes: { "aria-label": worded(gettext("Play %(name)s"), { name: track.title }) },
  }, "▶") : null;

/** What was liked before, wherever one begins to play. */
const known = () => act(async () => know((await ask(`{ viewer { ${ofViewer} } }`)).viewer));

/** Play a track, then what of the list behind it can be heard. `from` says in words where it comes from. */
export function play(track, list = [track], from = "") {
  queue = list.filter((each) => each.play?.length).map((each) => ({ ...each, from }));
  if (at("player").hidden) known();
  start(queue.findIndex(({ id }) => id === track.id));
}

function start(number) {
  told();
  const track = queue[number];
  if (!track) return stop();
  place = number;
  const [link] = track.play;
  heard = { id: word(), trackId: track.id, at: new Date().toISOString(), seconds: 0, looked: 0 };
  sound.src = link.url;
  at("player").hidden = false;
  at("player-title").textContent = track.title;
  at("player-artist").textContent = track.artist?.name ?? "";
  at("player-from").textContent = [track.from, link.library].filter(Boolean).join(" · ");
  at("player-cover").src = track.cover;
  at("player-next").disabled = place + 1 >= queue.length;
  showLike(at("player-like"), track);
  showQueue();
  act(begun);
}

/** Another song may have been chosen before this one could begin: that is no failure. */
const begun = () => sound.play().catch((error) => { if (error.name !== "AbortError") throw error; });

/** What comes after it; each can be gone to. */
function showQueue() {
  const then = queue.slice(place + 1);
  fill("player-list", then.map((track, number) => make("li", {}, button(nameOf(track), () => {
    at("player-then").hidePopover();
    start(place + 1 + number);
  }, { className: "plain" }))), gettext("Nothing comes after this."));
}

function stop() {
  sound.pause();
  place = -1;
}

/** What was heard of it. A start that ends soon is a skip: the server says from when on it is a play. */
function told() {
  const play = heard;
  heard = undefined;
  if (!play || !play.seconds) return;
  const input = [{ source: "earshot", sourceId: play.id, trackId: play.trackId, listenedAt: play.at, msPlayed: Math.round(play.seconds * 1000) }];
  // Where plays are not recorded, or a private session runs, the server keeps nothing: that is nothing to complain of.
  ask(`mutation($input: [ListenInput!]!) { recordListens(input: $input) { ... on RecordedListens { stored } ${refused} } }`,
    { input }).catch(() => {});
}

/** It goes on with the next one, so that nobody hears out what they want less of. */
async function less() {
  const track = queue[place];
  await give(track.id, "DISLIKE");
  if (queue[place] === track) start(place + 1);
  tell(worded(gettext("You will hear less like %(name)s."), { name: nameOf(track) }), { undo: () => takeBack(track.id, "DISLIKE") });
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${`${Math.floor(seconds % 60)}`.padStart(2, "0")}`;

/** How long it is: as the sound says, or else as the catalog does. */
const length = () => (Number.isFinite(sound.duration) ? sound.duration : (queue[place]?.durationMs ?? 0) / 1000);

function looked() {
  if (!heard) return;
  const passed = sound.currentTime - heard.looked;
  if (passed > 0 && passed < STEP * Math.max(1, sound.playbackRate)) heard.seconds += passed;
  heard.looked = sound.currentTime;
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

/** A UUID; `crypto.randomUUID` is there on encrypted pages alone. */
function word() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

sound.addEventListener("timeupdate", looked);
sound.addEventListener("ended", () => start(place + 1));
sound.addEventListener("error", broken);
for (const event of ["play", "pause"]) sound.addEventListener(event, shown);
at("player-toggle").addEventListener("click", () => act(() => (sound.paused ? begun() : sound.pause())));
at("player-next").addEventListener("click", () => start(place + 1));
at("player-like").addEventListener("click", () => act(() => turn(queue[place])));
at("player-less").addEventListener("click", () => act(less));
at("player-seek").addEventListener("input", () => { sound.currentTime = Number(at("player-seek").value); });
addEventListener("playtoggle", (event) => {
  if (place < 0) return;
  event.preventDefault();
  at("player-toggle").click();
});
addEventListener("pagehide", told);
