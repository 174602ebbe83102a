// A radio of so many steps: { document, parts, history, seed, outcomes } in; what played, by whom and why, out.
import { readFileSync } from "node:fs";
import { begin, advance } from "./device/radio.js";
import { heard } from "./device/acts.js";
import * as store from "./device/store.js";

const { document, parts, history, seed, outcomes, heardCases } = JSON.parse(readFileSync(0, "utf8"));
for (const [hash, text] of Object.entries(parts)) await store.keepPart(hash, Uint8Array.from(Buffer.from(text, "base64")).buffer);
await store.keepFact("bundle", document);
await store.changed("TRACK", (kept) => Object.assign(kept, history));
const played = [await begin({ kind: "TRACK", seed })];
for (const skipped of outcomes) played.push(await advance({ skipped }));
process.stdout.write(JSON.stringify({
  played: played.map((one) => one && { id: one.id, artist: one.artist, score: one.score, reasons: one.reasons.map(({ kind, evidence, contribution }) => ({ kind, evidence, contribution })), remainder: one.remainder }),
  log: await store.log(), plays: (await store.history("TRACK")).plays,
  heard: heardCases.map((one) => heard(...one)),
}));
