// Recurrence rules (RFC 5545, 3.3.10): what a clock shows whenever a rule comes round. Walls, as in `zones.js`.
const DAY = 86_400_000;
const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const PARTS = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND"];

const dayOf = (wall) => Math.floor(wall / DAY) * DAY;
const weekdayOf = (day) => (new Date(day).getUTCDay() + 6) % 7;
const numbers = (value) => (value ? value.split(",").map(Number) : null);

/** A rule as it is followed; null where it says something that is not understood, for then nobody knows when it comes. */
export function readRule(text, start) {
  const told = Object.fromEntries(text.toUpperCase().split(";").filter(Boolean).map((part) => part.trim().split("=")));
  if (Object.keys(told).some((part) => !PARTS.includes(part) && !part.startsWith("X-"))) return null;
  if (!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"].includes(told.FREQ)) return null;
  const begin = new Date(start);
  const rule = {
    every: told.FREQ, interval: Math.max(1, Number(told.INTERVAL ?? 1)), count: told.COUNT > 0 ? Number(told.COUNT) : Infinity,
    until: told.UNTIL ? untilOf(told.UNTIL) : Infinity, begins: Math.max(0, WEEKDAYS.indexOf(told.WKST ?? "MO")),
    weekdays: told.BYDAY ? told.BYDAY.split(",").map(weekday) : null, monthdays: numbers(told.BYMONTHDAY), yeardays: numbers(told.BYYEARDAY),
    months: numbers(told.BYMONTH), places: numbers(told.BYSETPOS),
    times: times(numbers(told.BYHOUR) ?? [begin.getUTCHours()], numbers(told.BYMINUTE) ?? [begin.getUTCMinutes()], numbers(told.BYSECOND) ?? [begin.getUTCSeconds()]),
  };
  if (rule.weekdays?.some(({ day }) => day < 0) || Number.isNaN(rule.interval + rule.until)) return null;
  if (!rule.weekdays && !rule.monthdays && !rule.yeardays) { // the start says which day it is
    if (rule.every === "WEEKLY") rule.weekdays = [{ day: weekdayOf(dayOf(start)), nth: 0 }];
    if (rule.every === "MONTHLY" || rule.every === "YEARLY") rule.monthdays = [begin.getUTCDate()];
    if (rule.every === "YEARLY") rule.months ??= [begin.getUTCMonth() + 1];
  }
  return rule;
}

function untilOf(value) {
  const [, year, month, day, hour = 0, minute = 0, second = 0] = value.match(/^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/) ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function weekday(text) {
  const [, nth, name] = text.trim().match(/^([+-]?\d+)?([A-Z]{2})$/) ?? [];
  return { day: WEEKDAYS.indexOf(name), nth: Number(nth ?? 0) };
}

const times = (hours, minutes, seconds) =>
  hours.flatMap((hour) => minutes.flatMap((minute) => seconds.map((second) => ((hour * 60 + minute) * 60 + second) * 1000))).sort((one, other) => one - other);

/** Whenever `rule` comes round from `start` to `last`, in order; where it does not count, what lies before `first` may be left out. */
export function* repeats(rule, start, last, first = start) {
  let left = rule.count;
  const skipped = left === Infinity ? Math.floor(Math.max(0, periodsTo(rule.every, dayOf(start), dayOf(first)) - 1) / rule.interval) : 0;
  for (let step = skipped * rule.interval; ; step += rule.interval) {
    const days = period(rule, dayOf(start), step);
    if (days[0] > Math.min(last, rule.until)) return;
    let found = days.filter((day) => fits(rule, day)).flatMap((day) => rule.times.map((time) => day + time));
    if (rule.places) found = found.filter((_, place) => rule.places.some((wanted) => wanted === place + 1 || wanted === place - found.length));
    for (const wall of found) {
      if (wall < start) continue;
      if (wall > Math.min(last, rule.until) || left-- <= 0) return;
      yield wall;
    }
  }
}

/** The days of the day, week, month or year that lies `step` behind the first one. */
function period({ every, begins }, first, step) {
  const date = new Date(first);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (every) {
    case "DAILY": return [first + step * DAY];
    case "WEEKLY": return daysBetween(first - ((weekdayOf(first) - begins + 7) % 7) * DAY + step * 7 * DAY, 7);
    case "MONTHLY": return until(Date.UTC(year, month + step, 1), Date.UTC(year, month + step + 1, 1));
    default: return until(Date.UTC(year + step, 0, 1), Date.UTC(year + step + 1, 0, 1));
  }
}

/** How many whole periods lie between two days, or one more. */
function periodsTo(every, from, to) {
  const [begin, end] = [new Date(from), new Date(to)];
  const years = end.getUTCFullYear() - begin.getUTCFullYear();
  if (every === "YEARLY") return years;
  if (every === "MONTHLY") return years * 12 + end.getUTCMonth() - begin.getUTCMonth();
  return Math.floor((to - from) / (every === "WEEKLY" ? 7 * DAY : DAY));
}

const daysBetween = (first, count) => Array.from({ length: count }, (_, place) => first + place * DAY);
const until = (first, next) => daysBetween(first, (next - first) / DAY);

function fits({ every, months, monthdays, yeardays, weekdays }, day) {
  if (weekdays && !weekdays.some((wanted) => wanted.day === weekdayOf(day))) return false;
  if (!months && !monthdays && !yeardays && !weekdays?.some(({ nth }) => nth)) return true;
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (months && !months.includes(month + 1)) return false;
  const inMonth = place(day, Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1));
  if (monthdays && !monthdays.some((wanted) => inMonth.includes(wanted))) return false;
  const inYear = place(day, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
  if (yeardays && !yeardays.some((wanted) => inYear.includes(wanted))) return false;
  const ordinals = every === "MONTHLY" || (every === "YEARLY" && months) ? inMonth : inYear;
  return !weekdays || weekdays.some((wanted) => wanted.day === weekdayOf(day) && nthFits(every, wanted.nth, ordinals));
}

/** Which day it is from the front and from the back: 1 and -31. */
const place = (day, first, next) => [(day - first) / DAY + 1, (day - next) / DAY];

/** Ordinals mean something in months and years alone. */
const nthFits = (every, nth, [front, back]) =>
  !nth || every === "DAILY" || every === "WEEKLY" || nth === Math.ceil(front / 7) || nth === -Math.ceil(-back / 7);
