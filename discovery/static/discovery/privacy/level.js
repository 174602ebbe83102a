// The slider, and what each of its stops would change: looked at, not saved.
import { ask, refused } from "../api.js";
import { discover, tune } from "../music.js";
import { act, at, fill, make } from "../page.js";
import { gettext, ngettext, worded } from "../words.js";

export const ofViewer = "privacy { level }";

let stops;
// A level that the slider does not have lies above those it has.
const place = (level) => { const at = stops.findIndex((stop) => stop.dataset.level === level); return at < 0 ? stops.length - 1 : at; };
const chosen = () => stops[at("level").value].dataset;
let saved;
let now = [];

export function begin(load) {
  stops = [...at("levels").children];
  at("level").addEventListener("input", () => act(example));
  at("level-save").addEventListener("click", () => act(async () => {
    const { name, level } = chosen();
    await ask(`mutation($level: PersonalizationLevel!) {
      setPersonalizationLevel(level: $level) { ... on PrivacySettings { level } ${refused} } }`, { level });
    await load();
    at("level").focus({ preventScroll: true });
  }, gettext("Saved. It counts from now on.")));
}

export async function show({ viewer }) {
  at("level").value = place(viewer.privacy.level);
  saved = chosen().level;
  now = (await discover({ first: 5 })).edges.map(({ node }) => node);
  await example();
}

async function example() {
  const { level, name, words } = chosen();
  at("level").setAttribute("aria-valuetext", name);
  at("level-name").textContent = name;
  at("level-words").textContent = words;
  for (const stop of stops) stop.classList.toggle("chosen", stop.dataset.level === level);
  at("level-save").hidden = level === saved;
  const lower = place(level) < place(saved);
  const then = lower ? (await discover({ first: 5, level })).edges.map(({ node }) => node) : now;
  if (chosen().level !== level) return; // the slider moved on
  const [gone, fresh] = [without(now, then), without(then, now)];
  fill("now", now.map((node) => entry(node, gone, gettext("gone"))), gettext("Nothing yet."));
  fill("example", then.map((node) => entry(node, fresh, gettext("new"))), gettext("Nothing yet."));
  at("then").hidden = !fresh.size;
  at("example").dataset.level = level;
  at("example-note").textContent = note(level, lower, fresh.size);
}

/** Ids of what is in one list and not in the other. */
function without(nodes, others) {
  const there = new Set(others.map((node) => node.item.id));
  return new Set(nodes.map((node) => node.item.id).filter((id) => !there.has(id)));
}

const entry = (node, marked, mark) => make("li", { className: marked.has(node.item.id) ? "marked" : "" },
  tune(node.item, marked.has(node.item.id) ? make("span", { className: "mark" }, mark) : null),
  node.reasons.length ? make("p", { className: "quiet" }, node.reasons[0].text) : null);

function note(level, lower, changed) {
  if (level === saved) return gettext("This is what you use now.");
  if (!lower) return gettext("This is more than you use now. It is not looked at before you choose it.");
  if (!changed) return gettext("The first five would stay as they are.");
  return worded(ngettext("%(count)s of the first five would be another.", "%(count)s of the first five would be others.", changed), { count: changed });
}
