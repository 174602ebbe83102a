// What a listener did and said, as entries of the sum at level OWN: the same, in the same order, as discovery/recommend/evidence.py.
//
// `history` is of one kind: { plays: [[id, plays, skips]], imported: [[artist id, plays]], said: [[id, word]],
// saidOfArtists, hidden: [id], excluded: [id], excludedArtists: [id] }.

import { digest } from "./sha256.js";

const TURNED_AWAY = ["DISLIKE", "HIDE"];
const WORDS = ["LIKE", "DISLIKE", "SKIP", "HIDE"]; // in the order in which words of one item stand

/** { entries, known (rows), manner(entries) } for `index`; `picks`: [{ id, amount }] of what was chosen to begin from. */
export function evidence(index, history, rules, { picks = [], skipped = [] } = {}) {
  const excluded = new Set(history.excluded), excludedArtists = new Set(history.excludedArtists);
  const entries = [];
  const add = (key, channel, amount, more) => { if (key && amount > 0) entries.push({ ...key, channel, amount, ...more }); };
  const out = new Set(history.excludedArtists.map(makerNumber));
  const item = (id) => (excluded.has(id) || out.has(index.maker(id)) ? null : index.key(id));
  const artist = (id) => (excludedArtists.has(id) ? null : index.artistKey(id));
  const plays = sorted(history.plays.map(([id, times, skips]) => ({ id, times, skips, key: item(id) })));
  const imported = sorted(history.imported.map(([id, times]) => ({ id, times, key: artist(id) })));
  for (const { key, times } of [...plays, ...imported]) add(key, "OWN", times);
  for (const { key, times, skips } of plays) if (!times) add(key, "NEGATIVE", skips);
  for (const [said, keyOf] of [[history.said, item], [history.saidOfArtists, artist]]) {
    const words = sorted(said.map(([id, word]) => ({ word, key: keyOf(id) })));
    for (const { key, word } of words) if (word === "LIKE") add(key, "OWN", rules.likeAsPlays);
    for (const { key, word } of words) if (word !== "LIKE") add(key, "NEGATIVE", rules.negative[word]);
  }
  for (const { id, amount = 1 } of picks) add(item(id) ?? artist(id), "PICK", amount);
  for (const id of skipped) add(item(id), "NEGATIVE", rules.negative.SKIP);
  return { entries, known: known(index, history), ...liked(history) };
}

/** By row, as the server has them by key; what the model does not know drops out. */
const sorted = (lines) => lines.filter(({ key }) => key)
  .sort((one, other) => one.key.order - other.key.order || WORDS.indexOf(one.word) - WORDS.indexOf(other.word));

/** Rows of what was heard, turned away, liked or left out: none of it is proposed. A skip alone, said of an item, sinks it. */
function known(index, history) {
  const ids = [...history.plays.map(([id]) => id), ...history.hidden, ...history.excluded,
    ...history.said.flatMap(([id, word]) => (word === "LIKE" || TURNED_AWAY.includes(word) ? [id] : []))];
  const rows = new Set(ids.map((id) => index.key(id)?.row).filter((row) => row !== undefined));
  const makers = new Set([...history.excludedArtists, ...history.saidOfArtists.flatMap(([id, word]) => (word === "HIDE" ? [id] : []))].map(makerNumber));
  if (makers.size) index.row.forEach((row, item) => { if (makers.has(index.artist[item])) rows.add(row); });
  return rows;
}

/** By which the pack tells who made something (discovery/device/pack.py): the first 32 bits of the hash of their id. */
export const makerNumber = (id) => new DataView(digest(new TextEncoder().encode(id)).buffer).getUint32(0);

/** Ids of what was liked and never played, by which a reason's sentence is chosen. */
function liked(history) {
  const heard = new Set(history.plays.map(([id]) => id)), artists = new Set(history.imported.map(([id]) => id));
  const of = (said, without) => new Set(said.flatMap(([id, word]) => (word === "LIKE" && !without.has(id) ? [id] : [])));
  return { liked: new Set([...of(history.said, heard), ...of(history.saidOfArtists, artists)]) };
}

/** Two histories of one person as one: counts add up, and what was said or left out in either was. */
export function joined(one, other) {
  const counted = (name) => {
    const lines = new Map();
    for (const [id, ...counts] of [...one[name], ...other[name]]) lines.set(id, counts.map((count, place) => count + (lines.get(id)?.[place] ?? 0)));
    return [...lines].map(([id, counts]) => [id, ...counts]);
  };
  const all = (name, key = String) => [...new Map([...other[name], ...one[name]].map((line) => [key(line), line])).values()];
  return {
    plays: counted("plays"), imported: counted("imported"), said: all("said"), saidOfArtists: all("saidOfArtists"),
    hidden: all("hidden"), excluded: all("excluded"), excludedArtists: all("excludedArtists"), extras: all("extras", ({ id }) => id),
  };
}

export const nothing = () => ({ plays: [], imported: [], said: [], saidOfArtists: [], hidden: [], excluded: [], excludedArtists: [], extras: [] });
