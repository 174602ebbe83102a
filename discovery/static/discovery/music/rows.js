// A song in a list: cover, title, artist, what else is to be said, and what can be done.
import { cover } from "../cards/cover.js";
import { tune } from "../music.js";
import { make } from "../page.js";

export const songRow = (thing, { words = [], acts = [] } = {}) => make("li", { className: "tune-row" }, cover(thing),
  make("div", { className: "words" }, tune(thing), words), make("span", { className: "buttons" }, acts));
