// What the listener does here, kept here: plays and skips, words, and what is left out. What is done to one kind is evidence for the
// other, as on the server (graph/histories.py): who plays a track plays its artist, and what is said of an artist concerns their tracks.
import { artistOf, tracksBy } from "./device.js";
import * as store from "./store.js";

const OPPOSED = ["LIKE", "DISLIKE", "HIDE"]; // each takes the place of the others

/** A play, or a skip: whoever plays says which, by the rule of the server (half a minute, and a quarter of the track). */
export async function played({ kind, id, skipped = false, at = Date.now() }) {
  await store.changed(kind, (history) => { history.plays = counted(history.plays, id, skipped ? [0, 1] : [1, 0]); });
  const artist = kind === "TRACK" ? await artistOf(id) : null;
  if (artist) await store.changed("ARTIST", (history) => { history.plays = counted(history.plays, artist, skipped ? [0, 1] : [1, 0]); });
  if (kind === "ARTIST" && !skipped) await store.changed("TRACK", (history) => { history.imported = counted(history.imported, id, [1]); });
  await store.logged({ kind, id, skipped, at });
}

/** The lines [id, …counts] with these counts added to one of them; a line of nothing goes. */
function counted(lines, id, counts) {
  const line = lines.find(([of]) => of === id)?.slice(1) ?? counts.map(() => 0);
  const sums = line.map((count, place) => Math.max(count + counts[place], 0));
  const others = lines.filter(([of]) => of !== id);
  return sums.some(Boolean) ? [...others, [id, ...sums]] : others;
}

export async function said({ kind, id, word }) {
  const now = (said_) => [...said_.filter(([of, was]) => of !== id || (was !== word && !(OPPOSED.includes(word) && OPPOSED.includes(was)))), [id, word]];
  await words(kind, id, now);
}

export const unsaid = ({ kind, id }) => words(kind, id, (said_) => said_.filter(([of]) => of !== id));

async function words(kind, id, now) {
  await store.changed(kind, (history) => { history.said = now(history.said); });
  if (kind !== "ARTIST") return;
  const theirs = await tracksBy(id); // that the server told to be hidden; what is said now says it
  await store.changed("TRACK", (history) => {
    history.saidOfArtists = now(history.saidOfArtists);
    history.hidden = history.hidden.filter((track) => !theirs.has(track));
  });
}

export async function leftOut({ kind, id, out }) {
  const now = (excluded) => [...excluded.filter((of) => of !== id), ...(out ? [id] : [])];
  await store.changed(kind, (history) => { history.excluded = now(history.excluded); });
  if (kind !== "ARTIST") return;
  const theirs = await tracksBy(id);
  await store.changed("TRACK", (history) => {
    history.excludedArtists = now(history.excludedArtists);
    if (!out) history.excluded = history.excluded.filter((track) => !theirs.has(track));
  });
}

/** Of an item, nothing was played or said here any more. */
export async function forgot({ kind, id }) {
  await unsaid({ kind, id });
  let gone;
  await store.changed(kind, (history) => {
    gone = history.plays.find(([of]) => of === id)?.slice(1) ?? [0, 0];
    for (const part of ["plays", "imported"]) history[part] = history[part].filter(([of]) => of !== id);
  });
  const artist = kind === "TRACK" ? await artistOf(id) : null;
  if (artist) await store.changed("ARTIST", (history) => { history.plays = counted(history.plays, artist, gone.map((count) => -count)); });
  if (kind === "ARTIST") await store.changed("TRACK", (history) => { history.imported = history.imported.filter(([of]) => of !== id); });
  await store.unlogged(id);
}

/** Of a play, whether it was heard (graph/models/listening.py). Milliseconds; null where nobody knows. */
export function heard(played, duration, least) {
  if (played === null) return true;
  if (duration === null) return played >= least;
  return (played >= least && played >= duration / 4) || played >= duration * 3 / 4;
}
