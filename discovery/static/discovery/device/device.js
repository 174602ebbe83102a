// The device by itself: the pack held to, what was played kept, and what that makes of it. Runs in a worker; no page in it, and no network.
import { explained } from "./cite.js";
import { evidence, makerNumber } from "./evidence.js";
import { checked, ensureCurrent, indexOf, opened, Refused, withExtras } from "./pack.js";
import { rank } from "./sum.js";
import * as store from "./store.js";

const held = { said: null, indexes: {} };

export const partsOf = (said) => Object.values(said.views).flatMap(({ parts }) => parts);

/** Reads the pack that is here into memory, checked again. Raises Refused. */
export async function load() {
  const document = await store.fact("bundle");
  if (!document) throw new Refused("BUNDLE_MISSING");
  const said = await opened(document, await store.fact("key"));
  const indexes = {};
  for (const [kind, view] of Object.entries(said.views)) {
    const parts = [];
    for (const part of view.parts) {
      const buffer = await store.part(part.sha256);
      if (!buffer) throw new Refused("BUNDLE_DAMAGED");
      parts.push([part, await checked(buffer, part)]);
    }
    if (parts.some(([{ what }]) => what === "vectors")) indexes[kind] = indexOf(view, parts);
  }
  Object.assign(held, { said, indexes });
  return about();
}

/** What is held: how many items of how many, until when, and how many bytes. */
export function about() {
  const { said } = held;
  return { made: said.made, expires: said.expires, model: said.model, bytes: said.bytes, kinds: Object.fromEntries(Object.entries(said.views).map(([kind, { size, held: of }]) => [kind, { size, held: of }])) };
}

async function ready(kind) {
  if (!held.said) await load();
  ensureCurrent(held.said);
  const index = held.indexes[kind];
  if (!index) throw new Refused("BUNDLE_MISSING");
  return index;
}

/** The first `count` of what the listener does not know, by what this device holds of them, with the reasons for each. */
export async function discover({ kind, count = 20 }) {
  const index = await ready(kind);
  const history = await store.history(kind);
  const begun = performance.now();
  const items = ranked(index, history, count);
  return { items, milliseconds: performance.now() - begun };
}

export function ranked(index, history, count, more = {}) {
  withExtras(index, history.extras ?? [], held.said?.model ?? more.model);
  const of = evidence(index, history, held.said?.rules ?? more.rules, more);
  return rank(index, of, count).map((one) => shown(index, { ...of, picked: more.picked }, one));
}

/** A ranked item with its id, name and reasons. */
export function shown(index, { entries, liked, picked = new Set() }, one) {
  const { reasons, remainder } = explained(entries, one);
  return {
    id: index.ids[one.item], name: index.names[one.item], artist: index.artist[one.item], score: one.score, remainder,
    reasons: reasons.map(({ kind, contribution, share, signals, entries: cited }) => {
      const things = new Map(cited.map((place) => [entries[place].id, entries[place].name]));
      return { kind, contribution, share, signals, evidence: [...things.keys()], names: [...things.values()], manner: mannerOf(kind, [...things.keys()], liked, picked) };
    }),
  };
}

/** What is kept of one kind, by name: [{ id, name, plays, skips, words, out }], the most played first, then what was said. */
export async function kept({ kind, most = 50 }) {
  const index = await ready(kind);
  const history = await store.history(kind);
  withExtras(index, history.extras, held.said.model);
  const lines = new Map();
  const line = (id) => lines.get(id) ?? lines.set(id, { id, name: index.key(id)?.name, plays: 0, skips: 0, words: [], out: false }).get(id);
  for (const [id, plays, skips] of history.plays) Object.assign(line(id), { plays, skips });
  for (const [id, word] of history.said) line(id).words.push(word);
  for (const id of history.excluded) line(id).out = true;
  return [...lines.values()].filter(({ name }) => name)
    .sort((one, other) => other.plays - one.plays || other.words.length - one.words.length).slice(0, most);
}

/** The index of one kind, if need be of a pack that ranks nothing any more; none where there is no pack. */
async function known(kind) {
  if (!held.said) await load().catch((error) => { if (!(error instanceof Refused)) throw error; });
  return held.indexes[kind];
}

/** The id of who made a track; null where the pack does not hold both. */
export async function artistOf(track) {
  const maker = (await known("TRACK"))?.maker(track), artists = await known("ARTIST");
  const place = maker === undefined ? -1 : artists?.artist.indexOf(maker) ?? -1;
  return place < 0 ? null : artists.ids[place];
}

/** The ids of an artist's tracks in the pack. */
export async function tracksBy(artist) {
  const index = await known("TRACK"), maker = makerNumber(artist);
  return new Set(index?.ids.filter((_id, item) => index.artist[item] === maker));
}

function mannerOf(kind, ids, liked, picked) {
  const [special, those, others] = kind === "OWN_PLAY" ? [liked, "LIKED", "PLAYED"] : [picked, "PICKED", "HEARD"];
  const number = ids.filter((id) => special.has(id)).length;
  return number === ids.length ? those : number ? "MIXED" : others;
}

export const rules = () => held.said.rules;
export const indexFor = ready;
