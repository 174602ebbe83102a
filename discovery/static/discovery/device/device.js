// The device by itself: the pack held to, what was played kept, and what that makes of it. Runs in a worker; no page in it.
import { explained } from "./cite.js";
import { evidence } from "./evidence.js";
import { checked, ensureCurrent, indexOf, opened, Refused, withExtras } from "./pack.js";
import { rank } from "./sum.js";
import * as store from "./store.js";

const TRIES = 3; // a new model may come while parts are fetched
const held = { said: null, indexes: {} };

/** Fetches what is new of the pack, and nothing that depends on who asks. Without a network, what is here goes on. */
export async function sync() {
  for (let tried = 1; ; tried += 1) {
    try {
      return await fetched();
    } catch (error) {
      if (!(error instanceof Refused && error.code === "BUNDLE_DAMAGED" && error.gone) || tried === TRIES) throw error;
    }
  }
}

async function fetched() {
  const tag = await store.fact("tag");
  const answer = await fetch("/device/bundle", { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) return load();
  if (!answer.ok) throw new Refused((await answer.json()).errors[0].extensions.code);
  const document = await answer.json();
  const said = await opened(document, await store.fact("key"));
  const parts = partsOf(said);
  let bytes = 0;
  for (const part of parts) {
    if (await store.part(part.sha256)) continue;
    bytes += part.bytes;
    await store.keepPart(part.sha256, await checked(await partFetched(part), part));
  }
  await store.keepFact("bundle", document);
  await store.keepFact("key", document.proof.publicKey);
  await store.keepFact("tag", answer.headers.get("ETag"));
  await store.keepOnly(parts.map(({ sha256 }) => sha256));
  return { ...await load(), fetched: bytes };
}

async function partFetched({ sha256 }) {
  const answer = await fetch(`/device/parts/${sha256}`);
  if (!answer.ok) throw Object.assign(new Refused("BUNDLE_DAMAGED"), { gone: true });
  return answer.arrayBuffer();
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

/** What is kept of one kind, by name: [{ id, name, plays, skips, out }], the most played first. */
export async function kept({ kind, most = 50 }) {
  const index = await ready(kind);
  const history = await store.history(kind);
  withExtras(index, history.extras, held.said.model);
  const out = new Set(history.excluded);
  const lines = history.plays.map(([id, plays, skips]) => ({ id, plays, skips, out: out.has(id), name: index.key(id)?.name }));
  const gone = history.excluded.filter((id) => !lines.some((line) => line.id === id)).map((id) => ({ id, plays: 0, skips: 0, out: true, name: index.key(id)?.name }));
  return [...lines, ...gone].filter(({ name }) => name).sort((one, other) => other.plays - one.plays).slice(0, most);
}

function mannerOf(kind, ids, liked, picked) {
  const [special, those, others] = kind === "OWN_PLAY" ? [liked, "LIKED", "PLAYED"] : [picked, "PICKED", "HEARD"];
  const number = ids.filter((id) => special.has(id)).length;
  return number === ids.length ? those : number ? "MIXED" : others;
}

export const rules = () => held.said.rules;
export const indexFor = ready;
