// The sums of a period, what was played most, and when; for statistics and for the year in review.
import { ask } from "../api.js";
import { nameOf } from "../music.js";
import { make, nothing } from "../page.js";
import { asNumber, gettext, ngettext, worded } from "../words.js";
import { bars, table } from "./charts.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const { lang } = document.documentElement;
const dayName = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat(lang, { month: "long", timeZone: "UTC" });

/** From `from` on and before `until`, both midnights of the reader's clock. */
export async function counted(from, until, first = 10) {
  const { viewer } = await ask(`query($from: DateTime, $until: DateTime, $zone: String!, $first: Int!) {
    viewer { statistics(from: $from, until: $until, timeZone: $zone) { plays secondsPlayed tracks artists newArtists
      topTracks(first: $first) { plays item { ... on Track { id title artist { name } } } } topArtists(first: $first) { plays item { ... on Artist { id name } } }
      overTime { unit counts { begin plays } } } } }`, { from: from.toISOString(), until: until.toISOString(), zone, first });
  return viewer.statistics;
}

export const empty = () => nothing(gettext("No plays in this period."), gettext("Bring a history"), "/imports/");

export function sums({ plays, secondsPlayed, tracks, artists, newArtists }) {
  const hours = Math.round(secondsPlayed / 3600);
  const minutes = Math.round(secondsPlayed / 60);
  const time = hours >= 2 ? worded(ngettext("%(count)s hour", "%(count)s hours", hours), { count: asNumber(hours) })
    : worded(ngettext("%(count)s minute", "%(count)s minutes", minutes), { count: asNumber(minutes) });
  const pairs = [[gettext("plays"), asNumber(plays)], [gettext("listened"), time], [gettext("different tracks"), asNumber(tracks)],
    [gettext("different artists"), asNumber(artists)], [gettext("artists new to you"), asNumber(newArtists)]];
  return make("dl", { className: "card sums" }, pairs.map(([words, figure]) => make("div", {}, make("dt", {}, words), make("dd", {}, figure))));
}

export function most({ topTracks, topArtists }) {
  const part = (id, title, heading, rows) => make("section", { attributes: { "aria-labelledby": id } }, make("h2", { id }, title),
    make("div", { className: "card" }, table(title, [heading, gettext("Plays")], rows.map(({ item, plays }) => [nameOf(item), asNumber(plays)]))));
  return make("div", { className: "twice" }, part("top-tracks", gettext("Tracks you played most"), gettext("Track"), topTracks),
    part("top-artists", gettext("Artists you played most"), gettext("Artist"), topArtists));
}

/** Every day of the period, or every month of a year, also those without plays. */
export function overTime({ overTime: { counts } }, from, until, byMonth) {
  const played = new Map();
  const keyOf = (begin) => (byMonth ? begin.slice(0, 7) : begin);
  for (const { begin, plays } of counts) played.set(keyOf(begin), (played.get(keyOf(begin)) ?? 0) + plays);
  const [name, rows] = [byMonth ? monthName : dayName, []];
  const end = Date.UTC(until.getFullYear(), until.getMonth(), until.getDate());
  for (let place = 0; ; place += 1) {
    const day = new Date(byMonth ? Date.UTC(from.getFullYear(), place, 1) : Date.UTC(from.getFullYear(), from.getMonth(), from.getDate() + place));
    if (day >= end) break;
    rows.push({ name: name.format(day), count: played.get(keyOf(day.toISOString().slice(0, 10))) ?? 0 });
  }
  const title = byMonth ? gettext("Plays by month") : gettext("Plays by day");
  return { rows, view: make("section", { attributes: { "aria-labelledby": "over-time" } }, make("h2", { id: "over-time" }, title),
    make("div", { className: "card" }, bars(title, rows, byMonth ? gettext("Month") : gettext("Day")))) };
}
