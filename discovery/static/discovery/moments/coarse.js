// From what a calendar holds to what may be told of it: a label, a beginning and a length, both to five minutes. No words of it.
import { labelOf } from "./classify.js";

const STEP = 5 * 60_000;
const DAY = 288 * STEP;
const AHEAD = 14 * DAY;
const MOST = 50;
const UNSAID = 6 * STEP; // of what has no length
const HERE = 12 * STEP; // how long a place is told for

/** How far a calendar is read. */
export const reach = (now) => [now - DAY, now + AHEAD];

const moment = (label, start, length) => ({ label, startsAt: new Date(start).toISOString(), minutes: length / 60_000 });

/** The moments of these events that are not over: at most so many, the earliest first. */
export function coarse(events, now) {
  const longest = new Map();
  for (const event of events) {
    const label = labelOf(event);
    if (!label) continue;
    const start = Math.round(event.start / STEP) * STEP;
    const end = Math.max(start, Math.round(event.end / STEP) * STEP) === start ? start + UNSAID : Math.round(event.end / STEP) * STEP;
    for (let begin = start; begin < end; begin += DAY) { // what lasts for days is told day by day
      const length = Math.min(DAY, end - begin);
      if (begin + length <= now || begin > now + AHEAD) continue;
      const key = `${label} ${begin}`;
      longest.set(key, Math.max(longest.get(key) ?? 0, length));
    }
  }
  const told = [...longest].map(([key, length]) => ({ label: key.split(" ")[0], start: Number(key.split(" ")[1]), length }));
  return told.sort((one, other) => one.start - other.start).slice(0, MOST).map(({ label, start, length }) => moment(label, start, length));
}

/** What is told of being at a place now. */
export const hereNow = (label, now) => [moment(label, Math.floor(now / STEP) * STEP, HERE)];
