// The device by itself: the pack held to, what was played kept, and what that makes of it. Runs in a worker; no page in it.
import { explained } from "./cite.js";
import { evidence, makerNumber } from "./evidence.js";
import { checked, ensureCurrent, indexOf, opened, Refused, withExtras } from "./pack.js";
import { rank } from "./sum.js";
import * as store from "./store.js";

const TRIES = 3; // a new model may come while parts are fetched, and what is here may be damaged
const PATIENCE = 5000; // milliseconds for a server to say who is signed in
const held = { said: null, indexes: {} };

/**
 * Who is signed in, by an opaque id; null where nobody says: without a network, signed out, by a slow server. This page is theirs
 * from now on; where nobody says, it is of whoever was here last.
 */
export async function present() {
  const told = await fetch("/device/whose", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    .then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (typeof told?.whose !== "string") return null;
  await store.belongTo(told.whose);
  return told.whose;
}

/** Fetches what is new of the pack, and nothing that depends on who asks. Without a network, what is here goes on. Raises Refused. */
export async function sync() {
  await present();
  for (let tried = 1; ; tried += 1) {
    try {
      return await fetched(tried > 1);
    } catch (error) {
      if (error.code === "BUNDLE_EXPIRED") throw new Refused("CLOCK_WRONG"); // the server has this moment said that it holds
      if (error.code !== "BUNDLE_DAMAGED" || tried === TRIES) throw error;
    }
  }
}

/** `anew`: without regard to what was fetched before, here or in what the browser keeps of answers. */
async function fetched(anew) {
  const tag = anew ? null : await store.fact("tag");
  const answer = await fetch("/device/bundle", { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) return load();
  if (!answer.ok) throw await refusalOf(answer);
  const document = await answer.json().catch(() => { throw new Refused("NO_ANSWER"); }); // somebody else's page, as in a hotel
  const said = await opened(document, await store.fact("key"));
  const parts = partsOf(said);
  let bytes = 0;
  for (const part of parts) {
    if (await intact(await store.part(part.sha256), part)) continue;
    bytes += part.bytes;
    await store.keepPart(part.sha256, await checked(await partFetched(part, anew), part));
  }
  await store.keepFact("bundle", document);
  await store.keepFact("key", document.proof.publicKey);
  await store.keepFact("tag", answer.headers.get("ETag"));
  await store.keepOnly(parts.map(({ sha256 }) => sha256));
  return { ...await load(), fetched: bytes };
}

async function partFetched({ sha256 }, anew) {
  const answer = await fetch(`/device/parts/${sha256}`, anew ? { cache: "reload" } : {});
  if (answer.status === 404) throw new Refused("BUNDLE_DAMAGED"); // the manifest is an older one by now
  if (!answer.ok) throw await refusalOf(answer);
  return answer.arrayBuffer();
}

const intact = (buffer, part) => (buffer ? checked(buffer, part).then(() => true, () => false) : false);

/** With the server's code and sentence; a proxy has neither. */
async function refusalOf(answer) {
  const told = (await answer.json().catch(() => null))?.errors?.[0];
  return new Refused(told?.extensions?.code ?? "NO_ANSWER", told?.message);
}

const partsOf = (said) => Object.values(said.views).flatMap(({ parts }) => parts);

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
