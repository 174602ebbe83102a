// A radio by this device alone: one after the other, nobody twice in a row, and a skip counts in the very next one.
import { indexFor, ranked } from "./device.js";
import * as acts from "./acts.js";
import * as store from "./store.js";
import { LOUDEST } from "./sum.js"; // a seed speaks as loudly as anything may

const DEPTH = 50; // of which the first is taken that is by somebody else than the one before
let station = null;

/** Begins from `seed` (an id), or from what was played here. Settles with the first one. */
export async function begin({ kind, seed = null }) {
  station = { kind, picks: seed ? [{ id: seed, amount: LOUDEST }] : [], gone: [], last: null };
  return next();
}

/** What came of the one that plays: `skipped`, or heard to the end. Settles with the next one; null where nothing is left. */
export async function advance({ skipped }) {
  const { now, kind } = station;
  if (now) await acts.played({ kind, id: now.id, skipped });
  return next();
}

async function next() {
  const { kind, picks, gone } = station;
  const index = await indexFor(kind);
  const history = await store.history(kind);
  const begun = { ...history, hidden: [...history.hidden, ...gone, ...picks.map(({ id }) => id)] };
  const picked = new Set(picks.map(({ id }) => id));
  const items = ranked(index, begun, DEPTH, { picks, picked });
  const chosen = items.find(({ artist }) => artist !== station.last) ?? null;
  Object.assign(station, { now: chosen, last: chosen?.artist ?? null });
  if (chosen) gone.push(chosen.id);
  return chosen;
}
