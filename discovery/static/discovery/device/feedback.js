// Private aggregates (FEEDBACK): two yes-or-no questions of a day, each answered by chance before it leaves the device
// (discovery/device/feedback.py). Where nobody allowed it, nothing is sent.
import { ask } from "./client.js";
import { dayOf } from "./days.js";

const EPSILON = 0.5; // of one answer
const TRUTH = Math.exp(EPSILON) / (1 + Math.exp(EPSILON));
const REPORT = `mutation($firstPlayed: Boolean!, $halfSkipped: Boolean!) {
  reportFromDevice(firstPlayed: $firstPlayed, halfSkipped: $halfSkipped) { ... on DeviceReported { counted } } }`;

const PLACE = "earshot-feedback";

/** The device knows by itself whether it may report, so that it need not ask: the privacy page tells it, and of whom. */
export const allowed = (id, yes) => (yes ? localStorage.setItem(PLACE, id) : localStorage.removeItem(PLACE));

/** The truth, or by chance its opposite. `chance`: 32 random bits, from the browser's secure source. */
export const uncertain = (truth, chance = crypto.getRandomValues(new Uint32Array(1))[0]) => (chance / 2 ** 32 < TRUTH ? truth : !truth);

/** What is true of a day: `first` is the id of what a list began with, `log` what was played and skipped. */
export function answers({ first }, log) {
  const skips = log.filter(({ skipped }) => skipped).length;
  return { firstPlayed: log.some(({ id, skipped }) => id === first && !skipped), halfSkipped: skips > log.length / 2 };
}

/** Notes what a list began with today; of the last day on which there was one, reports where that is allowed. */
export async function seen(first, now = Date.now()) {
  const day = await ask("dayBegun", { day: dayOf(now), first });
  const whose = localStorage.getItem(PLACE);
  if (day && whose && whose === await ask("owner") && navigator.onLine && whose === await ask("present")) await report(day);
}

async function report(day) {
  const log = (await ask("log")).filter(({ at }) => dayOf(at) === day.day);
  const truth = answers(day, log);
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (!token) return;
  const variables = { firstPlayed: uncertain(truth.firstPlayed), halfSkipped: uncertain(truth.halfSkipped) };
  await fetch("/graphql/", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify({ query: REPORT, variables }) })
    .catch(() => undefined); // a day's answers are no loss
}
