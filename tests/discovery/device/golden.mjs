// The page's sum, in node: cases in, rankings out.
import { readFileSync } from "node:fs";
import { explained } from "./device/cite.js";
import { rank } from "./device/sum.js";

const { model, cases } = JSON.parse(readFileSync(0, "utf8"));
const { items, sources, channels } = model;
const dim = sources.at(-1).stop;
const flat = (name) => Float64Array.from(items.flatMap((item) => item[name]));
const index = {
  dim, sources, channels, row: items.map(({ id }) => id), open: items.map(({ open }) => open), prior: flat("prior"),
  codes: Int8Array.from(items.flatMap(({ codes }) => codes)), keyScale: flat("key_scale"), queryScale: flat("query_scale"),
};
const ones = sources.map(() => 1);

function entry({ kind, id, amount, channel, friend }) {
  const at = items.findIndex((item) => item.id === id) * dim;
  const key = kind === "item"
    ? { row: id, codes: index.codes, at, scale: items[at / dim].key_scale }
    : { row: -1, codes: model[`${kind}s`].find((one) => one.id === id).key, at: 0, scale: ones };
  return { ...key, id, amount, channel, friend };
}

const answers = cases.map(({ evidence, known }) => {
  const entries = evidence.map(entry);
  return rank(index, { entries, known: new Set(known) }, 20, { listsSilent: true }).map((one) => {
    const id = index.row[one.item];
    const { reasons } = explained(entries, one, entries.map((said) => said.id === id));
    return { item: id, score: one.score, terms: [...one.terms], reasons: reasons.map(({ kind, contribution, share, entries: cited }) => ({ kind, contribution, share, entries: cited })) };
  });
});
process.stdout.write(JSON.stringify(answers));
