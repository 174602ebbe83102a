// What is done to one kind, in the other: { document, parts, tracks, artist } in; both histories and what is proposed after each step out.
import { readFileSync } from "node:fs";
import * as acts from "./device/acts.js";
import * as device from "./device/device.js";
import * as store from "./device/store.js";

const { document, parts, tracks, artist, server } = JSON.parse(readFileSync(0, "utf8"));
const steps = {};
async function step(name, ...does) {
  for (const [act, asked] of does) await acts[act](asked);
  const [track, ofArtists] = [await store.history("TRACK"), await store.history("ARTIST")];
  const found = (await device.discover({ kind: "TRACK", count: 50 })).items.map(({ id }) => id);
  steps[name] = { found, track, artist: ofArtists, kept: (await device.kept({ kind: "TRACK" })).map(({ id, words, out }) => ({ id, words, out })), log: (await store.log()).length };
}

await acts.played({ kind: "TRACK", id: tracks[0] }); // before there is a pack
for (const [hash, text] of Object.entries(parts)) await store.keepPart(hash, Uint8Array.from(Buffer.from(text, "base64")).buffer);
await store.keepFact("bundle", document);
await step("played", ["played", { kind: "TRACK", id: tracks[0] }], ["played", { kind: "TRACK", id: tracks[3], skipped: true }]);
await step("hidden", ["said", { kind: "ARTIST", id: artist, word: "HIDE" }]);
await step("liked", ["said", { kind: "ARTIST", id: artist, word: "LIKE" }]);
await store.changed("TRACK", (history) => Object.assign(history, server)); // as it was taken along
await step("unsaid", ["forgot", { kind: "ARTIST", id: artist }]);
await step("leftOut", ["leftOut", { kind: "ARTIST", id: artist, out: true }]);
await step("back", ["leftOut", { kind: "ARTIST", id: artist, out: false }]);
await step("words", ["said", { kind: "TRACK", id: tracks[1], word: "HIDE" }]);
await step("taken back", ["forgot", { kind: "TRACK", id: tracks[1] }], ["forgot", { kind: "TRACK", id: tracks[0] }]);
process.stdout.write(JSON.stringify(steps));
