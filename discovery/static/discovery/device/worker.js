// The device in a worker: { number, does, with } in; { number, done } or { number, failed: { code, message } } out.
import * as acts from "./acts.js";
import * as device from "./device.js";
import * as fetching from "./fetching.js";
import * as radio from "./radio.js";
import * as store from "./store.js";

const does = {
  present: fetching.present, owner: store.owner, sync: fetching.sync, load: device.load, discover: device.discover,
  begin: radio.begin, advance: radio.advance,
  played: acts.played, said: acts.said, unsaid: acts.unsaid, leftOut: acts.leftOut, forgot: acts.forgot, kept: device.kept,
  moving: movingOf, settled: store.settled, replaced: store.replaced, forgotten: store.forgotten, log: store.log, dayBegun: store.dayBegun, history: store.history,
  fact: store.fact, keepFact: ({ name, value }) => store.keepFact(name, value),
};

/** What the server says is this listener's: under their id, whoever this page was of. */
async function movingOf({ whose, kinds }) {
  await store.belongTo(whose);
  await store.moving(kinds);
}

let begun; // before anything else it is asked whose page this is

addEventListener("message", async ({ data }) => {
  try {
    await (begun ??= fetching.present().catch((error) => { begun = undefined; throw error; }));
    postMessage({ number: data.number, done: await does[data.does](data.with) });
  } catch (error) {
    postMessage({ number: data.number, failed: { code: error.code ?? error.name, message: error.message } });
  }
});
