// Time zones: by name, as the browser knows them, or as the calendar describes them. `wall` is what a clock there shows, in
// milliseconds as if it were in UTC; an instant is one everywhere.
import { all, one, word } from "./lines.js";
import { readRule, repeats } from "./rules.js";

export const SECOND = 1000;
export const DAY = 86_400 * SECOND;
const QUARTER = 900 * SECOND;
const LATEST = Date.UTC(2040, 0, 1); // as far as a described zone is followed

export const UTC = { name: "UTC", offset: () => 0 };

const asked = new Map();

/** A zone of the browser's by its name, or null. */
export function named(name) {
  if (!asked.has(name)) asked.set(name, ofBrowser(name));
  return asked.get(name);
}

function ofBrowser(name) {
  let format;
  try {
    format = new Intl.DateTimeFormat("en", { timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  } catch {
    return null;
  }
  const known = new Map(); // offsets change at quarters of an hour, and asking takes long
  const asks = (instant) => {
    const { year, month, day, hour, minute, second } = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(year, month - 1, day, hour, minute, second) - instant;
  };
  const offset = (instant) => {
    const quarter = Math.floor(instant / QUARTER);
    if (!known.has(quarter)) known.set(quarter, asks(quarter * QUARTER));
    return known.get(quarter);
  };
  return { name, offset };
}

/** The zone of the device. */
export const ofDevice = () => named(Intl.DateTimeFormat().resolvedOptions().timeZone) ?? UTC;

/** Where the clocks are put forward, what they never show is read by the offset before; what they show twice, the first time. */
export function instantOf(zone, wall) {
  const [before, after] = [zone.offset(wall - DAY), zone.offset(wall + DAY)];
  for (const offset of [before, after]) {
    if (zone.offset(wall - offset) === offset) return wall - offset;
  }
  return wall - before;
}

export const wallOf = (zone, instant) => instant + zone.offset(instant);

/** `find(name)`: a zone by the name that a calendar gives it; null where nobody knows it, so that it is the device's. */
export function zones(calendars) {
  const described = new Map(calendars.flatMap(({ parts }) => parts).filter(({ name }) => name === "VTIMEZONE").map((part) => [one(part, "TZID")?.value.trim(), part]));
  const known = new Map();
  return (name) => {
    if (!known.has(name)) {
      const last = name.match(/[A-Za-z_]+\/[A-Za-z_+\-0-9]+(?:\/[A-Za-z_]+)?$/)?.[0]; // behind a maker's prefix
      const told = described.get(name) ?? (described.size === 1 ? [...described.values()][0] : null); // some write its name in two ways
      known.set(name, named(name) ?? (last ? named(last) : null) ?? (told ? describedZone(name, told) : null));
    }
    return known.get(name);
  };
}

/** A zone by its VTIMEZONE: from each onset on, the offset that its observance has. */
function describedZone(name, part) {
  const onsets = part.parts.flatMap((observance) => {
    const [from, to] = [milliseconds(word(observance, "TZOFFSETFROM")), milliseconds(word(observance, "TZOFFSETTO"))];
    const start = wallAt(word(observance, "DTSTART"));
    const dates = all(observance, "RDATE").flatMap(({ value }) => value.split(",").map(wallAt));
    const again = all(observance, "RRULE").flatMap(({ value }) => {
      const rule = readRule(value, start);
      if (!rule) return [];
      const until = /UNTIL=\d{8}T\d{6}Z/i.test(value) ? rule.until + from : rule.until;
      return [...repeats({ ...rule, until }, start, LATEST)];
    });
    return [...new Set([start, ...dates, ...again])].map((wall) => ({ at: wall - from, from, to }));
  }).filter(({ at, to }) => !Number.isNaN(at + to)).sort((one, other) => one.at - other.at);
  if (!onsets.length) return null;
  return { name, offset: (instant) => onsets.findLast(({ at }) => at <= instant)?.to ?? onsets[0].from };
}

function milliseconds(offset) {
  const [, sign, hours, minutes, seconds = 0] = offset.match(/^([+-])(\d\d)(\d\d)(\d\d)?$/) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * SECOND;
}

/** What a clock shows at `20261128` or `20261128T093000`; NaN where it is neither. */
export function wallAt(value) {
  const [, year, month, day, hour = 0, minute = 0, second = 0] = value.trim().match(/^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/i) ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
