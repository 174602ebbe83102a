// What is done for each thing that can be said: what the buttons do, and so what they may do and how it is taken back.
import { at, tell } from "../page.js";
import { track } from "../player.js";
import { isPrivate } from "../shield.js";
import { gettext } from "../words.js";
import { aloud } from "./aloud.js";

const press = (id) => at(id).click();
const paused = () => at("player-sound").paused;

/** To another page of ours, without ending what plays; settles when it is there. */
async function go(address) {
  if (!window.navigation) return location.assign(address);
  try {
    await navigation.navigate(address).finished;
  } catch (error) {
    if (error.name !== "AbortError") throw error; // a page that changes its own address ends the walk to it
  }
  return undefined;
}

/** What plays; without it, most of what can be said is about nothing. */
function one() {
  if (!track) throw new Error(gettext("Nothing plays now."));
  return track;
}

function toggled(play) {
  if (paused() !== play) return;
  press("player-toggle");
  tell(play ? gettext("It plays on.") : gettext("Paused."), { undo: async () => press("player-toggle") });
}

async function radio({ tag, song }) {
  const from = location.pathname + location.search;
  if (song) await go(`/radio/?${new URLSearchParams({ seed: one().id, name: one().title })}`);
  else if (tag) await go(`/radio/?${new URLSearchParams({ tag })}`);
  else await go("/radio/?start");
  tell(gettext("A radio begins."), { undo: () => go(from) });
}

/** The page of playlists shows what the words would make, before anything is made. */
async function playlist({ mood, occasion }) {
  await go("/music/playlists/");
  const planned = at("plan-text");
  const field = planned ?? at("playlist-title");
  field.value = mood ? `${mood} music` : `music for ${occasion}`;
  field.focus();
  planned?.form.requestSubmit();
}

function why() {
  const words = one().reason ?? gettext("You chose it yourself: nobody recommended it.");
  tell(words);
  aloud(words);
}

export const intents = {
  PLAY: () => (track ? toggled(true) : radio({})),
  PAUSE: () => one() && toggled(false),
  SKIP: () => one() && press("player-next"),
  LIKE: () => { if (one() && at("player-like").getAttribute("aria-pressed") !== "true") press("player-like"); },
  LESS: () => one() && press("player-less"),
  WHY: why,
  RADIO: radio,
  PLAYLIST: playlist,
  PRIVATE: () => { if (!isPrivate()) press("shield-private"); },
};
