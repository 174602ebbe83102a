// What the device ranks for each listener, from the pack's own bytes: { document, parts, words, listeners: [kinds], count } in, lists out.
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { ranked } from "./device/device.js";
import { checked, indexOf, opened } from "./device/pack.js";
import { wording } from "./device/wording.js";

const { document, parts, words, listeners, count } = JSON.parse(readFileSync(0, "utf8"));
vm.runInThisContext(words); // as /words.js of the page
const sentence = wording(globalThis);
const said = await opened(document, null);
const buffers = new Map(Object.entries(parts).map(([hash, text]) => {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return [hash, bytes.buffer];
}));
const indexes = {};
for (const [kind, view] of Object.entries(said.views)) {
  const read = await Promise.all(view.parts.map(async (part) => [part, await checked(buffers.get(part.sha256), part)]));
  indexes[kind] = indexOf(view, read);
}
const lists = listeners.map((kinds) => Object.fromEntries(Object.entries(indexes).map(([kind, index]) => [kind,
  ranked(index, kinds[kind], count, { rules: said.rules, model: said.model }).map(({ id, score, remainder, reasons }) => ({ id, score, remainder,
    reasons: reasons.map((one) => ({ kind: one.kind, text: sentence(one), share: one.share, contribution: one.contribution, evidence: one.evidence })) }))])));
process.stdout.write(JSON.stringify(lists));
