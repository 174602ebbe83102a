// What a radio can start from, suggested while one types: friends, artists, tracks, tags.
import { ask } from "../api.js";
import { nameOf, nodes, thing } from "../music.js";
import { typing } from "../music/typing.js";
import { at, make } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, worded } from "../words.js";
import { named } from "../together/names.js";

let friends, options, active, picked;

export function begin() {
  [options, active, picked] = [[], -1, null];
  const field = at("radio-seed");
  onLeave(typing(field, async (text) => { const found = await matches(text); return () => show(found); }, { cleared: () => show([]) }));
  field.addEventListener("input", () => { picked = null; });
  field.addEventListener("keydown", keys);
  field.addEventListener("blur", () => setTimeout(() => at("radio-seeds") && show([]), 200));
  friends = ask("{ viewer { friends(first: 100) { edges { node { id handle displayName } } } } }").then(({ viewer }) => nodes(viewer.friends));
  friends.catch(() => {}); // whoever waits for it says what went wrong
}

/** What was picked, or the first that matches the words; nothing for an empty field. */
export async function chosen() {
  const text = at("radio-seed").value.trim();
  if (!text) return {};
  const first = picked ?? (await matches(text))[0];
  if (!first) throw new Error(worded(gettext("Nothing here is called “%(text)s”."), { text }));
  show([]);
  return first.seed;
}

async function matches(text) {
  const key = text.toLowerCase();
  const { search } = await ask(`query($text: String!) { search(text: $text, first: 8) { tags(first: 3) { id name } edges { node { ${thing} } } } }`, { text });
  const [found, people] = [nodes(search), await friends];
  return [
    ...people.filter((one) => one.displayName.toLowerCase().startsWith(key) || one.handle.startsWith(key)).map((one) => ({ words: named(one, people), kind: gettext("friend"), seed: { seedId: one.id } })),
    ...found.slice(0, 6).map((one) => ({ words: nameOf(one), kind: one.artist ? gettext("track") : gettext("artist"), seed: { seedId: one.id } })),
    ...search.tags.map(({ id, name }) => ({ words: name, kind: gettext("tag"), seed: { seedId: id } })),
  ];
}

function show(found) {
  [options, active] = [found, -1];
  at("radio-seeds").hidden = !found.length;
  at("radio-seed").setAttribute("aria-expanded", Boolean(found.length));
  at("radio-seed").removeAttribute("aria-activedescendant");
  at("radio-seeds").replaceChildren(...found.map((one, place) => {
    const line = make("li", { id: `seed-${place}`, onmousedown: (event) => { event.preventDefault(); pick(place); } }, one.words, " ", make("span", { className: "quiet" }, one.kind));
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    return line;
  }));
}

function pick(place) {
  const one = options[place];
  at("radio-seed").value = one.words;
  show([]);
  picked = one;
}

function keys(event) {
  if (event.key === "Escape") return show([]);
  if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    return pick(active);
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !options.length) return undefined;
  event.preventDefault();
  at(`seed-${active}`)?.setAttribute("aria-selected", "false");
  active = (active + by + options.length) % options.length;
  at(`seed-${active}`).setAttribute("aria-selected", "true");
  at("radio-seed").setAttribute("aria-activedescendant", `seed-${active}`);
  return undefined;
}
