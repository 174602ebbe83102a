// The worker, asked from a page: `await ask("discover", { kind: "TRACK" })`. A refusal is an Error with its code.

let worker;
let number = 0;
const waiting = new Map();

export function ask(does, asked) {
  worker ??= begun();
  return new Promise((done, failed) => {
    waiting.set(number += 1, { done, failed });
    worker.postMessage({ number, does, with: asked });
  });
}

function begun() {
  const made = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  made.addEventListener("message", ({ data }) => {
    const { done, failed } = waiting.get(data.number);
    waiting.delete(data.number);
    if (data.failed) failed(Object.assign(new Error(data.failed.message), { code: data.failed.code }));
    else done(data.done);
  });
  made.addEventListener("error", () => { // it did not begin, or broke: nobody who waits is left waiting, and the next one begins it anew
    worker = undefined;
    for (const { failed } of waiting.values()) failed(Object.assign(new Error(), { code: "WORKER_LOST" }));
    waiting.clear();
  });
  return made;
}
