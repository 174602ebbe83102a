// The parts of a plan, each with a button that takes it out; what is a figure can be changed in its place.
import { button, make } from "../page.js";
import { asPercent, gettext, worded } from "../words.js";

const STEP = 0.5;
const LEAST = 0.5;
const MOST = 3;

/** A chip a part. `shares`: by word, how much it has to do with what is chosen; `change(parts)`: asks anew. */
export function chips(plan, shares, change) {
  const without = (field, place) => ({ [field]: plan[field].filter((_, other) => other !== place) });
  const weighed = (field, place, by) => ({ [field]: plan[field].map((part, other) => (other === place ? { ...part, amount: part.amount + by } : part)) });
  const words = ["words", "artists", "tags"].flatMap((field) => plan[field].map((part, place) => chip(`${field}-${place}`, withShare(part.text, shares.get(part.text)),
    () => change(without(field, place)), part.text,
    step("−", gettext("Less %(word)s"), part, -STEP, () => change(weighed(field, place, -STEP)), `${field}-${place}`),
    step("+", gettext("More %(word)s"), part, STEP, () => change(weighed(field, place, STEP)), `${field}-${place}`))));
  const listed = [
    ...plan.friends.map((name, place) => chip(`friends-${place}`, worded(gettext("with %(name)s"), { name }), () => change(without("friends", place)))),
    ...plan.without.map((name, place) => chip(`without-${place}`, worded(gettext("without %(name)s"), { name }), () => change(without("without", place)))),
  ];
  return [...words, ...listed, ...figures(plan, shares, change)];
}

function figures(plan, shares, change) {
  const { mood, era, lengthSeconds, count, unheard, energy, variety, refresh } = plan;
  const none = (field, value = null) => () => change({ [field]: value });
  return [
    mood && chip("mood", withShare(feels(mood), shares.get(gettext("mood"))), none("mood")),
    era && chip("era", years(era), none("era")),
    lengthSeconds !== null && chip("length", gettext("minutes"), none("lengthSeconds"), gettext("length"),
      figure("plan-minutes", Math.round(lengthSeconds / 60), 1, 720, gettext("Length in minutes"), (minutes) => change({ lengthSeconds: minutes * 60 }))),
    count !== null && chip("count", gettext("songs"), none("count"), gettext("number of songs"),
      figure("plan-count", count, 1, 400, gettext("Number of songs"), (number) => change({ count: number }))),
    unheard && chip("unheard", gettext("nothing you know"), none("unheard", false)),
    energy && chip("energy", energy.start < energy.end ? gettext("begins calm, ends lively") : gettext("begins lively, ends calm"), none("energy")),
    variety !== null && chip("variety", worded(gettext("variety %(percent)s"), { percent: asPercent(variety) }), none("variety")),
    refresh !== "NEVER" && chip("refresh", refresh === "DAILY" ? gettext("new every day") : gettext("new every week"), none("refresh", "NEVER")),
  ].filter(Boolean);
}

const withShare = (text, share) => (share ? `${text} · ${asPercent(share)}` : text);

function chip(name, text, takeOut, about = text, ...more) {
  const words = make("span", {}, text);
  const out = button("×", takeOut, { label: worded(gettext("Leave out: %(part)s"), { part: about }), id: `out-${name}`, className: "plain take-out" });
  return make("li", { className: "chip" }, more.filter((one) => one.localName === "input"), words, more.filter((one) => one.localName !== "input"), out);
}

function step(text, label, part, by, onclick, name) {
  const amount = part.amount + by;
  return button(text, onclick, { label: worded(label, { word: part.text }), id: `step${by}-${name}`, className: "plain", disabled: amount < LEAST || amount > MOST });
}

function figure(id, value, min, max, label, changed) {
  const field = make("input", { id, type: "number", value, min, max, required: true, attributes: { "aria-label": label } });
  field.addEventListener("change", () => { if (field.reportValidity()) changed(field.valueAsNumber); });
  return field;
}

function feels({ valence, energy }) {
  const pleasant = valence > 0.15 ? gettext("cheerful") : valence < -0.15 ? gettext("sad") : null;
  const lively = energy > 0.15 ? gettext("lively") : energy < -0.15 ? gettext("calm") : null;
  return worded(gettext("mood: %(words)s"), { words: [pleasant, lively].filter(Boolean).join(", ") || gettext("neither this nor that") });
}

function years({ first, last }) {
  if (first === null) return worded(gettext("until %(year)s"), { year: last });
  if (last === null) return worded(gettext("from %(year)s on"), { year: first });
  return first === last ? String(first) : `${first}–${last}`;
}
