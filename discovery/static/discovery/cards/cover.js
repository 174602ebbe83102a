// A picture: the library's own, or two letters on a color of their own. It stands beside its name, so it says nothing itself.
import { titleOf } from "../music.js";
import { make } from "../page.js";

const FULL = 360; // degrees around the color wheel

export function cover(thing) {
  if (thing.cover) return make("img", { className: "cover", src: thing.cover, alt: "", width: 60, height: 60, loading: "lazy" });
  const by = thing.artist?.name ?? titleOf(thing);
  const letters = by.split(/\s+/).map(([letter]) => letter).filter((letter) => /\p{L}|\p{N}/u.test(letter ?? "")).slice(0, 2).join("");
  const picture = make("div", { className: "cover", attributes: { "aria-hidden": "true", "data-cover": thing.id ?? "" } }, letters.toUpperCase());
  picture.style.setProperty("--hue", hue(by));
  return picture;
}

const hue = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % FULL, 7);
