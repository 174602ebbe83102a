// What the device's own store says where the browser keeps nothing: the code of each case.
import * as store from "./device/store.js";

const answers = {};
const tried = async (name, opens) => {
  globalThis.indexedDB = { open: opens };
  answers[name] = await store.fact("key").then((value) => value ?? "NOTHING", ({ code }) => code);
};
const refusing = (error) => () => { const asked = {}; queueMicrotask(() => Object.assign(asked, { error }).onerror()); return asked; };
const opening = (transaction) => () => { const asked = {}; queueMicrotask(() => { asked.result = { transaction }; asked.onsuccess(); }); return asked; };
const aborting = (error) => () => {
  const transaction = { objectStore: () => ({ get: () => null }), error };
  queueMicrotask(() => transaction.onabort());
  return transaction;
};
await tried("thrown", () => { throw new DOMException("no", "SecurityError"); });
await tried("refused", refusing(new DOMException("no", "UnknownError")));
await tried("full", refusing(new DOMException("no", "QuotaExceededError")));
let how = aborting(new DOMException("no", "QuotaExceededError"));
await tried("fullLater", opening(() => how()));
how = aborting(null);
await tried("withoutAWord", () => { throw new Error("it is open already"); });
how = () => { throw new DOMException("closing", "InvalidStateError"); };
await tried("closed", () => null);

// A worker that cannot be loaded: nobody waits for ever, and the next one begins anew.
const workers = [];
globalThis.Worker = class extends EventTarget { constructor() { super(); workers.push(this); } postMessage() {} };
const { ask } = await import("./device/client.js");
const waiting = [ask("load"), ask("discover")];
workers[0].dispatchEvent(new Event("error"));
answers.lost = (await Promise.allSettled(waiting)).map(({ reason }) => reason.code);
ask("load");
answers.workers = workers.length;
process.stdout.write(JSON.stringify(answers));
