// The sum over evidence, in doubles, as the server puts the best in order by it (graph/serving/exact.py). No page, no network.
//
//   score(i) = prior[i] + Σ over entries e  strength(e) · Σ over sources s  weight(s) · scale(e, s) · scale(i, s) · ⟨codes(e), codes(i)⟩
//              + strength(e) · identity where e is i
//
// An index holds, of n items: `row` (by which equal scores are put in order), `codes` [n × dim], `keyScale` and `queryScale`
// [n × sources], `prior` [n], `open` [n] (all, where there is none), and `sources` and `channels` as the model has them.
// An entry is { row, codes, at, scale, channel, amount }: whose codes begin `at`; row -1 where it is no item of the index.

export const LOUDEST = 4;
const NOTHING = 1e-9; // what rounding leaves of nothing
const GRAIN = 2 ** -40; // scores are put in order by so many of these: what differs by less is alike, on any machine

/** Signed strength of an entry of which its channel has `count`. */
export function strength(rule, amount, count) {
  const raised = rule.logarithmic ? (Math.log1p(amount) / rule.unit) ** rule.power : amount;
  return rule.gain * Math.min(Math.max(raised, -LOUDEST), LOUDEST) * Math.max(count, 1) ** -rule.count_power;
}

export function strengths(index, entries) {
  const counts = new Map();
  for (const { channel } of entries) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  return Float64Array.from(entries, ({ channel, amount }) => strength(index.channels[channel], amount, counts.get(channel)));
}

/** The score of every item. */
export function scores(index, entries, strong = strengths(index, entries)) {
  const { sources, dim, codes, queryScale, prior } = index;
  const folded = fold(index, entries, strong);
  const added = new Float64Array(prior.length);
  for (let item = 0; item < added.length; item += 1) {
    let score = prior[item];
    for (let place = 0; place < sources.length; place += 1) {
      const { start, stop } = sources[place];
      const from = item * dim;
      let alike = 0;
      for (let column = start; column < stop; column += 1) alike += codes[from + column] * folded[column];
      score += queryScale[item * sources.length + place] * alike;
    }
    added[item] = score;
  }
  for (let entry = 0; entry < entries.length; entry += 1) {
    const item = itemAt(index, entries[entry].row);
    if (item >= 0) added[item] += strong[entry] * index.channels[entries[entry].channel].identity;
  }
  return added;
}

/** The entries' vectors added up [dim], each as strongly as it counts. */
function fold(index, entries, strong) {
  const folded = new Float64Array(index.dim);
  for (let entry = 0; entry < entries.length; entry += 1) {
    const { codes, at, scale, channel } = entries[entry];
    const { weights } = index.channels[channel];
    for (let place = 0; place < index.sources.length; place += 1) {
      const { start, stop } = index.sources[place];
      const weighed = weights[place] * scale[place] * strong[entry];
      for (let column = start; column < stop; column += 1) folded[column] += weighed * codes[at + column];
    }
  }
  return folded;
}

/** What each entry adds to one item. Products of whole codes are whole, however they are added up. */
export function terms(index, entries, strong, item) {
  const { sources, dim, queryScale } = index;
  const from = item * dim;
  return Float64Array.from(entries, ({ row, codes, at, scale, channel }, entry) => {
    const { weights, identity } = index.channels[channel];
    let added = 0;
    for (let place = 0; place < sources.length; place += 1) {
      const { start, stop } = sources[place];
      let alike = 0;
      for (let column = start; column < stop; column += 1) alike += codes[at + column] * index.codes[from + column];
      added += weights[place] * scale[place] * queryScale[item * sources.length + place] * alike;
    }
    added *= strong[entry];
    return row === index.row[item] ? added + strong[entry] * identity : added;
  });
}

/**
 * The `count` best items that are not known, best first: [{ item, score, terms, prior }].
 * `known`: rows that are not proposed. What the sum says nothing of is not listed.
 */
export function rank(index, { entries, known }, count, { listsSilent = false } = {}) {
  const strong = strengths(index, entries);
  const whole = scores(index, entries, strong);
  return best(index, whole, candidates(index, entries, known), count, listsSilent).map((item) => {
    const added = terms(index, entries, strong, item);
    return { item, terms: added, prior: index.prior[item], score: added.reduce((sum, term) => sum + term, index.prior[item]) };
  });
}

/** Items that may be proposed: what everybody may see, and what the evidence is of; less what is known. */
export function candidates(index, entries, known) {
  const own = index.open ? new Set(entries.map(({ row }) => row)) : null;
  const may = [];
  for (let item = 0; item < index.row.length; item += 1) {
    const row = index.row[item];
    if (!known.has(row) && (!index.open || index.open[item] || own.has(row))) may.push(item);
  }
  return may;
}

/** Of these items the `count` of highest score, highest first; those alike but for rounding in order of row. */
export function best(index, whole, items, count, listsSilent = false) {
  const told = listsSilent ? items : items.filter((item) => Math.abs(whole[item]) > NOTHING);
  const grains = new Map(told.map((item) => [item, Math.floor(whole[item] / GRAIN + 0.5)]));
  const sorted = Float64Array.from(grains.values()).sort();
  const lowest = sorted.length > count ? sorted[sorted.length - count] : -Infinity;
  return told.filter((item) => grains.get(item) >= lowest)
    .sort((one, other) => grains.get(other) - grains.get(one) || index.row[one] - index.row[other]).slice(0, count);
}

/** The item of a row; -1 where the index has none. */
export function itemAt(index, row) {
  index.byRow ??= new Map(Array.from(index.row, (of, item) => [of, item]));
  return index.byRow.get(row) ?? -1;
}
