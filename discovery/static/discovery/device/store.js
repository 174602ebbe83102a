// What this device keeps (IndexedDB): the pack's parts, and what the listener did. Nothing of it is sent anywhere.
import { joined, nothing } from "./evidence.js";

const NAME = "earshot-device";
const STORES = { facts: {}, parts: {}, histories: {}, log: { keyPath: "number", autoIncrement: true } };

let opening;

function database() {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => { for (const [name, options] of Object.entries(STORES)) asked.result.createObjectStore(name, options); };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opening;
}

/** Runs `does(store…)` in one transaction, and settles with what it returns once that is written. */
async function within(names, mode, does) {
  const transaction = (await database()).transaction(names, mode);
  const result = does(...names.map((name) => transaction.objectStore(name)));
  return new Promise((done, failed) => {
    transaction.oncomplete = () => done(result instanceof IDBRequest ? result.result : result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

export const fact = (name) => within(["facts"], "readonly", (facts) => facts.get(name));
export const keepFact = (name, value) => within(["facts"], "readwrite", (facts) => { facts.put(value, name); });

/** Begins a day that has not begun: gives back the one before. In one transaction, so that of several pages one alone gets it. */
export const dayBegun = async (value) => {
  let before = null;
  await within(["facts"], "readwrite", (facts) => {
    const asked = facts.get("day");
    asked.onsuccess = () => {
      if (asked.result?.day === value.day) return;
      before = asked.result ?? null;
      facts.put(value, "day");
    };
  });
  return before;
};

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
export const history = async (kind) => ({ ...nothing(), ...await within(["histories"], "readonly", (histories) => histories.get(kind)) });

/** Changes one kind's history: `change(history)` in one transaction, so that two pages do not undo one another. */
export const changed = (kind, change) => within(["histories"], "readwrite", (histories) => {
  const asked = histories.get(kind);
  asked.onsuccess = () => {
    const now = { ...nothing(), ...asked.result };
    change(now);
    histories.put(now, kind);
  };
});

/** Puts these histories, by kind, in the place of what is here. */
export const replaced = (kinds) => within(["histories"], "readwrite", (histories) => {
  for (const [kind, told] of Object.entries(kinds)) histories.put({ ...nothing(), ...told }, kind);
});

const MOVING = "moving"; // beside the histories, until the server has deleted what it handed over

/** Lays what was taken along beside what is here; done again, it takes the place of what was laid there before. */
export const moving = (kinds) => within(["histories"], "readwrite", (histories) => { histories.put(kinds, MOVING); });

/** Once the server has deleted it: what was taken along and what is here become one. Where nothing lies there, nothing is done. */
export const settled = () => within(["histories"], "readwrite", (histories) => {
  const asked = histories.get(MOVING);
  asked.onsuccess = () => {
    histories.delete(MOVING);
    for (const [kind, told] of Object.entries(asked.result ?? {})) {
      const here = histories.get(kind);
      here.onsuccess = () => histories.put(joined({ ...nothing(), ...here.result }, told), kind);
    }
  };
});

export const logged = (line) => within(["log"], "readwrite", (log) => { log.add(line); });
export const log = () => within(["log"], "readonly", (lines) => lines.getAll());

/** Everything that is kept here goes. */
export async function forgotten() {
  const open = await database();
  await within([...open.objectStoreNames], "readwrite", (...stores) => stores.forEach((store) => { store.clear(); }));
}
