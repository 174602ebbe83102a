// The button that plays what a line is of, and after it what the lines behind it are of.
import { play, playButton } from "../player.js";

const things = new WeakMap(); // what a line is of

const besides = (line) => [...line.parentElement.children].map((each) => things.get(each)).filter(Boolean);
const heading = (line) => line.closest("section, main")?.querySelector("h1, h2")?.textContent ?? "";

/** Null where it cannot be heard. `line()`: the line that the button stands in, once it does. */
export const listenButton = (thing, line) => playButton(thing, () => play(thing, besides(line()), heading(line())));

export const isOf = (line, thing) => things.set(line, thing);
