// The browser's own database (IndexedDB), and what it says where it keeps nothing.

const NAME = "earshot-device";
const STORES = { facts: {}, parts: {}, histories: {}, log: { keyPath: "number", autoIncrement: true } };

/** Why nothing could be kept or read. Codes: STORAGE_FULL, STORAGE_DENIED (a private window, blocked data, a broken disk). */
export class Unkept extends Error {
  constructor(cause) {
    super(cause?.message ?? "nothing is kept here");
    this.code = cause?.name === "QuotaExceededError" ? "STORAGE_FULL" : "STORAGE_DENIED";
  }
}

/** What the browser says of its own doing as Unkept (null where it says nothing); a mistake of ours stays one. */
const unkept = (cause) => (cause == null || cause instanceof DOMException ? new Unkept(cause) : cause);

let opening;

function database() {
  opening ??= opened().catch((cause) => { opening = undefined; throw unkept(cause); });
  return opening;
}

const opened = () => new Promise((done, failed) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => { for (const [name, options] of Object.entries(STORES)) asked.result.createObjectStore(name, options); };
  asked.onsuccess = () => {
    asked.result.onclose = () => { opening = undefined; }; // the browser took it away; the next one opens it anew
    done(asked.result);
  };
  asked.onerror = () => failed(asked.error);
});

/** Runs `does(store…)` in one transaction, and settles with what it returns once that is written. Raises Unkept. */
export async function within(names, mode, does) {
  const open = await database();
  try {
    return await new Promise((done, failed) => {
      const transaction = open.transaction(names, mode);
      const result = does(...names.map((name) => transaction.objectStore(name)));
      transaction.oncomplete = () => done(result instanceof IDBRequest ? result.result : result);
      transaction.onabort = () => failed(transaction.error);
    });
  } catch (cause) {
    throw unkept(cause);
  }
}

/** `does(cursor)` for each row of a store. */
export function cursorOver(store, does) {
  const asked = store.openCursor();
  asked.onsuccess = () => {
    if (!asked.result) return;
    does(asked.result);
    asked.result.continue();
  };
}
