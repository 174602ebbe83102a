// What a calendar holds in a while: every event as often as it takes place, moved and cancelled ones as they are.
import { all, components, one, plain, word } from "./lines.js";
import { readRule, repeats } from "./rules.js";
import { DAY, instantOf, named, ofDevice, UTC, wallAt, wallOf, zones } from "./zones.js";

/** Events of a calendar's text that lie between two instants: {start, end, allDay, summary, categories}, the earliest first. */
export function occurrences(text, from, to, device = ofDevice()) {
  const calendars = components(text).filter(({ name }) => name === "VCALENDAR");
  const find = zones(calendars);
  const series = new Map();
  for (const calendar of calendars) {
    const own = one(calendar, "X-WR-TIMEZONE"); // some write UTC and mean this one
    const place = { find, device, own: own ? find(own.value.trim()) : null };
    for (const event of calendar.parts.filter(({ name }) => name === "VEVENT")) {
      const read = readEvent(event, place);
      if (!read) continue;
      const uid = one(event, "UID")?.value ?? `without ${series.size}`;
      series.set(uid, [...(series.get(uid) ?? []), read]);
    }
  }
  const found = [...series.values()].flatMap((events) => inSeries(events, from, to));
  return found.filter(({ start, end }) => (end > from || start === from) && start < to)
    .sort((before, after) => before.start - after.start || before.end - after.end);
}

/** An event as it is written; null where it does not say when it begins. */
function readEvent(event, place) {
  const start = time(one(event, "DTSTART"), place);
  if (!start) return null;
  const until = time(one(event, "DTEND"), place);
  const lasts = until ? lengthOf(start, until) : durationOf(word(event, "DURATION")) ?? (start.date ? DAY : 0);
  const times = (name) => all(event, name).flatMap((property) => property.value.split(",").map((value) => time({ ...property, value }, place))).filter(Boolean);
  return {
    start, lasts, again: time(one(event, "RECURRENCE-ID"), place), left: times("EXDATE"), more: times("RDATE"),
    onward: one(event, "RECURRENCE-ID")?.parameters.RANGE?.toUpperCase() === "THISANDFUTURE",
    rules: all(event, "RRULE").filter(({ value }) => value.trim()).map(({ value }) => ({ value, read: readRule(value, start.wall) })),
    cancelled: word(event, "STATUS") === "CANCELLED", sequence: Number(word(event, "SEQUENCE") || 0),
    summary: plain(one(event, "SUMMARY")?.value ?? ""),
    categories: all(event, "CATEGORIES").flatMap(({ value }) => value.split(/(?<!\\),/).map(plain)),
  };
}

/** A moment as a clock shows it, and where: {wall, zone, date, lasts?}. */
function time(property, { find, device, own }) {
  if (!property) return null;
  const [value, period] = property.value.trim().toUpperCase().split("/");
  const wall = wallAt(value);
  if (Number.isNaN(wall)) return null;
  const date = !value.includes("T");
  const told = value.endsWith("Z") ? UTC : property.parameters.TZID ? find(property.parameters.TZID) : own;
  const zone = date ? device : told ?? device;
  const here = zone === UTC && own ? { wall: wallOf(own, wall), zone: own } : { wall, zone };
  const lasts = period && (durationOf(period) ?? wallAt(period) - wall);
  return { ...here, date, floating: !told, lasts };
}

const instant = ({ zone, wall }) => instantOf(zone, wall);
/** As long as the clock says, where both stand on one; else as long as it takes. */
const lengthOf = (start, until) => (start.zone === until.zone ? until.wall - start.wall : instant(until) - instant(start));

function durationOf(text) {
  const [, sign, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] =
    text.match(/^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/) ?? [];
  if (sign === undefined) return null;
  const total = (((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (sign === "-" ? -1 : 1) * total * 1000;
}

/** Everything of one UID. Of what is written twice, the later writing counts. */
function inSeries(events, from, to) {
  const newest = (list) => list.reduce((best, event) => (best && best.sequence > event.sequence ? best : event), undefined);
  const master = newest(events.filter(({ again }) => !again));
  const keyOf = (at) => (at.date || master?.start.date ? dayOf(at) : instant(at)); // of whole days the day tells which one it is
  const moved = new Map();
  for (const event of events.filter(({ again }) => again)) moved.set(keyOf(event.again), newest([moved.get(keyOf(event.again)), event].filter(Boolean)));
  const left = new Set(master?.left.map(keyOf));
  const has = (keys, at) => keys.has(keyOf(at)) || keys.has(dayOf(at));
  const onward = [...moved.values()].filter((event) => event.onward && !event.cancelled).sort((one, other) => instant(one.again) - instant(other.again));
  const regular = master && !master.cancelled ? whenever(master, from, to).filter((at) => !has(left, at) && !has(moved, at)) : [];
  return [
    ...regular.map((at) => following(master, onward.findLast(({ again }) => instant(again) <= instant(at)), at)),
    ...[...moved].filter(([key, event]) => !event.cancelled && !master?.cancelled && !left.has(key)).map(([, event]) => shown(event, event.start)),
  ];
}

const dayOf = ({ wall }) => `on ${Math.floor(wall / DAY)}`;

/** As the series has it, or as one of its events says of all that follow. */
const following = (master, event, at) => (event ? shown(event, { ...at, wall: at.wall + lengthOf(event.again, event.start) }) : shown(master, at));

/** When an event takes place by its start, its rules and its further dates. */
function whenever({ start, lasts, rules, more }, from, to) {
  const [first, last] = [from - Math.max(0, lasts) - 2 * DAY, to + 2 * DAY];
  if (rules.some(({ read }) => !read)) return []; // nobody knows when
  const ends = rules.map(({ value, read }) => ({ ...read, until: untilIn(value, read.until, start) }));
  const begins = ends.length && ends.every(({ until }) => until < start.wall) ? [] : [start.wall];
  const again = ends.flatMap((rule) => [...repeats(rule, start.wall, last, first)]);
  const walls = [...new Set([...begins, ...again])].filter((wall) => wall >= first && wall <= last);
  const known = new Set(walls);
  const others = more.filter(({ wall, zone }) => zone !== start.zone || !known.has(wall));
  return [...walls.map((wall) => ({ ...start, wall })), ...others];
}

/** UNTIL as the event's own clock shows it. */
function untilIn(rule, until, { date, floating, zone }) {
  if (until === Infinity) return until;
  if (date) return Math.floor(until / DAY) * DAY;
  return floating ? until : wallOf(zone, until);
}

function shown({ lasts, summary, categories }, at) {
  const length = at.lasts ?? lasts;
  const [start, end] = [instant(at), instant({ ...at, wall: at.wall + length })];
  return { start: Math.min(start, end), end: Math.max(start, end), allDay: at.date, summary, categories };
}
