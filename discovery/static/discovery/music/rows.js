// A song in a list: cover, title, artist, what else is to be said, and what can be done.
import { cover } from "../cards/cover.js";
import { isOf, listenButton } from "../cards/listen.js";
import { tune } from "../music.js";
import { make } from "../page.js";

export function songRow(thing, { words = [], acts = [] } = {}) {
  const line = make("li", { className: "tune-row" }, cover(thing),
    make("div", { className: "words" }, tune(thing), words), make("span", { className: "buttons" }, listenButton(thing, () => line), acts));
  isOf(line, thing);
  return line;
}
