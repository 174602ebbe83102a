// What this device keeps (IndexedDB): the pack's parts, and what each listener did here. Nothing of it is sent anywhere.
//
// Several people may use one browser. Everything but the pack is kept by `owner()`, the opaque id of whoever was signed in last, and
// nobody's page reads what is kept by another's.
import { cursorOver, within } from "./database.js";
import { dayOf } from "./days.js";
import { joined, nothing } from "./evidence.js";

const DAY = "day", WHOSE = "whose", MOVING = "moving";

let whose = null; // of whom this page is: it stays so, whoever signs in on another

export const fact = (name) => within(["facts"], "readonly", (facts) => facts.get(name));
export const keepFact = (name, value) => within(["facts"], "readwrite", (facts) => { facts.put(value, name); });

/** Whose page this is; null where nobody was signed in here yet. */
export const owner = async () => (whose ??= (await fact(WHOSE)) ?? null);

/** From now on this page is of `id`, and so is the next one that cannot ask. What was kept before there were owners is the first one's. */
export async function belongTo(id) {
  await within(["facts", "histories", "log"], "readwrite", (facts, histories, log) => {
    const asked = facts.get(WHOSE);
    asked.onsuccess = () => {
      if (asked.result === undefined) adopted(id, facts, histories, log);
      facts.put(id, WHOSE);
    };
  });
  whose = id;
}

const keyed = (id, name) => (id === null ? name : `${id} ${name}`);
const placeOf = async (name) => keyed(await owner(), name);
function adopted(id, facts, histories, log) {
  for (const [store, mine] of [[facts, (key) => key === DAY], [histories, (key) => !key.includes(" ")]]) {
    cursorOver(store, (cursor) => {
      if (!mine(cursor.key)) return;
      store.put(cursor.value, keyed(id, cursor.key));
      cursor.delete();
    });
  }
  cursorOver(log, (cursor) => { if ((cursor.value.whose ?? null) === null) cursor.update({ ...cursor.value, whose: id }); });
}

/** Begins a day that has not begun: gives back the one before. In one transaction, so that of several pages one alone gets it. */
export async function dayBegun(value) {
  const place = await placeOf(DAY), id = await owner();
  let before = null;
  await within(["facts", "log"], "readwrite", (facts, log) => {
    const asked = facts.get(place);
    asked.onsuccess = () => {
      if (asked.result?.day === value.day) return;
      before = asked.result ?? null;
      facts.put(value, place);
      const needed = [value.day, before?.day]; // no older day is asked about any more
      cursorOver(log, (cursor) => { if (of(id, cursor.value) && !needed.includes(dayOf(cursor.value.at))) cursor.delete(); });
    };
  });
  return before;
}

const of = (id, line) => (line.whose ?? null) === id;

export const part = (hash) => within(["parts"], "readonly", (parts) => parts.get(hash));
export const keepPart = (hash, buffer) => within(["parts"], "readwrite", (parts) => { parts.put(buffer, hash); });

/** Parts that no manifest names any more go. */
export async function keepOnly(hashes) {
  const named = new Set(hashes);
  await within(["parts"], "readwrite", (parts) => {
    const asked = parts.getAllKeys();
    asked.onsuccess = () => asked.result.filter((hash) => !named.has(hash)).forEach((hash) => parts.delete(hash));
  });
}

/** What the listener did, of one kind, as `evidence.js` reads it. */
export async function history(kind) {
  const place = await placeOf(kind);
  return { ...nothing(), ...await within(["histories"], "readonly", (histories) => histories.get(place)) };
}

/** Changes one kind's history: `change(history)` in one transaction, so that two pages do not undo one another. */
export async function changed(kind, change) {
  const place = await placeOf(kind);
  await within(["histories"], "readwrite", (histories) => {
    const asked = histories.get(place);
    asked.onsuccess = () => {
      const now = { ...nothing(), ...asked.result };
      change(now);
      histories.put(now, place);
    };
  });
}

/** Puts these histories, by kind, in the place of what is here. */
export async function replaced(kinds) {
  const id = await owner();
  await within(["histories"], "readwrite", (histories) => {
    for (const [kind, told] of Object.entries(kinds)) histories.put({ ...nothing(), ...told }, keyed(id, kind));
  });
}

/** Lays what was taken along beside what is here, until the server has deleted it; done again, it takes the place of what was laid there before. */
export async function moving(kinds) {
  const place = await placeOf(MOVING);
  await within(["histories"], "readwrite", (histories) => { histories.put(kinds, place); });
}

/** Once the server has deleted it: what was taken along and what is here become one. Where nothing lies there, nothing is done. */
export async function settled() {
  const id = await owner();
  await within(["histories"], "readwrite", (histories) => {
    const asked = histories.get(keyed(id, MOVING));
    asked.onsuccess = () => {
      histories.delete(keyed(id, MOVING));
      for (const [kind, told] of Object.entries(asked.result ?? {})) {
        const here = histories.get(keyed(id, kind));
        here.onsuccess = () => histories.put(joined({ ...nothing(), ...here.result }, { ...nothing(), ...told }), keyed(id, kind));
      }
    };
  });
}

export async function logged(line) {
  const id = await owner();
  await within(["log"], "readwrite", (log) => { log.add({ ...line, whose: id }); });
}
export async function log() {
  const id = await owner();
  return (await within(["log"], "readonly", (lines) => lines.getAll())).filter((line) => of(id, line));
}

/** No line of the log is of this item any more. */
export async function unlogged(item) {
  const id = await owner(), gone = (line) => of(id, line) && line.id === item;
  await within(["log"], "readwrite", (log) => cursorOver(log, (cursor) => { if (gone(cursor.value)) cursor.delete(); }));
}

/** Everything that is kept of one listener goes (of whose page this is, where nobody is named), and the pack. What is kept of others stays: it is nowhere else. */
export async function forgotten(named) {
  const id = named ?? await owner();
  const mine = (key) => (id === null ? !key.includes(" ") : key.startsWith(`${id} `));
  await within(["facts", "parts", "histories", "log"], "readwrite", (facts, parts, histories, log) => {
    parts.clear();
    const others = (cursor) => (cursor.key === WHOSE ? cursor.value !== id : cursor.key.includes(" ") && !mine(cursor.key));
    cursorOver(facts, (cursor) => { if (!others(cursor)) cursor.delete(); });
    cursorOver(histories, (cursor) => { if (mine(cursor.key)) cursor.delete(); });
    cursorOver(log, (cursor) => { if (of(id, cursor.value)) cursor.delete(); });
  });
  whose = null;
}
