// The first steps: who one is, what may be used, three artists to begin from, and what comes of it.
import { ask, refused } from "../api.js";
import { card, spread } from "../cards/card.js";
import { give, takeBack } from "../cards/said.js";
import { madeFrom } from "../home/made-from.js";
import * as profile from "../me/profile.js";
import { discover, nodes } from "../music.js";
import { typing } from "../music/typing.js";
import { act, at, fill, make } from "../page.js";
import { beginSwitches, setConsent, showSwitches } from "../privacy/switches.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";

const LEVELS = ["OFF", "BASIC", "OWN", "SOCIAL", "CONTEXT"];
const needs = { SELF: "OWN", SOCIAL_IN: "SOCIAL" }; // the least level at which an answer counts
const ENOUGH = 3; // artists
const SHOWN = 12;
let switches;
const picked = new Map(); // id → artist

export async function start() {
  picked.clear();
  profile.begin();
  switches = beginSwitches(allow);
  at("look").addEventListener("click", () => act(look));
  onLeave(typing(at("pick-text"), async (text) => {
    const { search } = await ask("query($text: String!) { search(text: $text, kind: ARTIST, first: 12) { edges { node { ... on Artist { id name } } } } }", { text });
    return () => offer(nodes(search), gettext("No artist of that name."));
  }, { cleared: () => act(popular) }));
  await Promise.all([answers(), popular()]);
}

/** A yes here is meant to count: where the level keeps it from that, it is raised, and the shield says so. */
async function allow(purpose, granted) {
  await setConsent(purpose, granted);
  const { viewer: { privacy: { level } } } = await ask("{ viewer { privacy { level } } }");
  const needed = granted ? LEVELS.indexOf(needs[purpose]) : -1;
  if (needed > LEVELS.indexOf(level)) {
    await ask(`mutation($level: PersonalizationLevel!) { setPersonalizationLevel(level: $level) { ... on PrivacySettings { level } ${refused} } }`, { level: needs[purpose] });
  }
  await answers();
}

async function answers() {
  const { viewer } = await ask(`{ viewer { ${profile.ofViewer} privacy { purposes { purpose state validUntil } }
    said: feedback(first: 100) { edges { node { kind item { ... on Artist { id name } } } } } } }`);
  if (at("profile-name").disabled) profile.show({ viewer });
  for (const { kind, item } of nodes(viewer.said)) if (kind === "LIKE" && item.name) picked.set(item.id, item);
  showSwitches(switches, new Map(viewer.privacy.purposes.map((answer) => [answer.purpose, answer])));
}

/** Whom most listen to here; where no artist is popular by themselves, those of popular tracks. */
async function popular() {
  const { artists, tracks } = await ask(`{ artists: popular(kind: ARTIST, first: 18) { edges { node { item { ... on Artist { id name } } } } }
    tracks: popular(kind: TRACK, first: 30) { edges { node { item { ... on Track { artist { id name } } } } } } }`);
  const found = [...nodes(artists).map(({ item }) => item), ...nodes(tracks).map(({ item }) => item.artist)];
  offer([...new Map(found.map((one) => [one.id, one])).values()].slice(0, 18), gettext("Type a name: nobody is popular here yet."));
}

function offer(artists, empty) {
  const others = artists.filter(({ id }) => !picked.has(id));
  fill("picks", [...picked.values(), ...others].map((artist) => {
    const box = make("input", { type: "checkbox", value: artist.id, checked: picked.has(artist.id), onchange: () => act(() => pick(artist, box)) });
    return make("label", { className: "chip" }, box, artist.name);
  }), empty);
  count();
}

/** A pick is a like: it counts like any other, and is taken back like any other. */
async function pick(artist, box) {
  try {
    await (box.checked ? give(artist.id, "LIKE") : takeBack(artist.id, "LIKE"));
  } catch (error) {
    box.checked = !box.checked;
    throw error;
  }
  if (box.checked) picked.set(artist.id, artist);
  else picked.delete(artist.id);
  count();
}

function count() {
  const missing = ENOUGH - picked.size;
  at("picked").textContent = missing > 0
    ? worded(ngettext("%(count)s more, and there is something to go by.", "%(count)s more, and there is something to go by.", missing), { count: missing })
    : gettext("That is enough to begin with; more makes it better.");
}

async function look() {
  const answer = await discover({ first: 20, variety: 0.3 });
  at("made-from").textContent = madeFrom(answer);
  fill("recommendations", spread(nodes(answer)).slice(0, SHOWN).map((node) => card(node)), gettext("Nothing yet."));
}
