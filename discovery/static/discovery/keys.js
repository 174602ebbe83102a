// The keyboard, everywhere: `/` searches, `j` and `k` walk the cards, `l` likes, space plays, `?` tells of all this.
import { at } from "./page.js";

const cards = () => [...document.querySelectorAll("main .cards > li[tabindex]")].filter((card) => card.offsetParent);
const here = () => document.activeElement?.closest(".cards > li");

const keys = {
  "/": () => (at("search-text") ? at("search-text").focus() : window.navigation?.navigate(at("search-link").href) ?? location.assign(at("search-link").href)),
  "?": () => at("keys").showModal(),
  j: () => step(1),
  k: () => step(-1),
  l: () => here()?.querySelector(".like")?.click(),
};

export function begin() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === " ") return space(event);
    if (!Object.hasOwn(keys, event.key)) return undefined;
    event.preventDefault();
    return keys[event.key]();
  });
}

/** Whatever plays listens to `playtoggle`; where something has the keyboard that space presses, it is pressed. */
function space(event) {
  if (event.target.closest("button, summary, a, [role]")) return;
  const toggle = new CustomEvent("playtoggle", { cancelable: true, detail: { item: here()?.dataset.item ?? null } });
  if (!dispatchEvent(toggle)) event.preventDefault(); // somebody plays: the page does not scroll as well
}

function step(by) {
  const all = cards();
  const next = all[Math.min(Math.max(all.indexOf(here()) + by, 0), all.length - 1)];
  next?.focus();
}
