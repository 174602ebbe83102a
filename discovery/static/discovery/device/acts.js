// What the listener does here, kept here: plays and skips, words, and what is left out.
import * as store from "./store.js";

const OPPOSED = ["LIKE", "DISLIKE", "HIDE"]; // each takes the place of the others

/** A play, or a skip: whoever plays says which, by the rule of the server (half a minute, and a quarter of the track). */
export async function played({ kind, id, skipped = false, at = Date.now() }) {
  await store.changed(kind, (history) => {
    const line = history.plays.find(([of]) => of === id) ?? history.plays[history.plays.push([id, 0, 0]) - 1];
    line[skipped ? 2 : 1] += 1;
  });
  await store.logged({ kind, id, skipped, at });
}

export const said = ({ kind, id, word }) => store.changed(kind, (history) => {
  history.said = history.said.filter(([of, was]) => of !== id || (was !== word && !(OPPOSED.includes(word) && OPPOSED.includes(was))));
  history.said.push([id, word]);
});

export const unsaid = ({ kind, id }) => store.changed(kind, (history) => { history.said = history.said.filter(([of]) => of !== id); });

export const leftOut = ({ kind, id, out }) => store.changed(kind, (history) => {
  history.excluded = history.excluded.filter((of) => of !== id);
  if (out) history.excluded.push(id);
});

/** Of an item, nothing was played or said here any more. */
export const forgot = ({ kind, id }) => store.changed(kind, (history) => {
  for (const part of ["plays", "said", "imported", "saidOfArtists"]) history[part] = history[part].filter(([of]) => of !== id);
});

/** Of a play, whether it was heard (graph/models/listening.py). Milliseconds; null where nobody knows. */
export function heard(played, duration, least) {
  if (played === null) return true;
  if (duration === null) return played >= least;
  return (played >= least && played >= duration / 4) || played >= duration * 3 / 4;
}
