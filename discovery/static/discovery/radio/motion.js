// A quiet picture of what plays: bars that sway by its tempo and energy, in a color by how happy it is. It says nothing that words do not.
import { make } from "../page.js";

const BARS = 7;
const [CALM, LIVELY] = [4, 1.2]; // seconds of one sway, where nobody tells the tempo
const BEATS = 4; // of the tempo in one sway: slower than the music, so that it stays quiet

export function motion(told) {
  if (!told) return null;
  const lively = (told.energy + 1) / 2;
  const picture = make("div", { className: "motion", attributes: { "aria-hidden": "true" } }, Array.from({ length: BARS }, () => make("i")));
  picture.style.setProperty("--sway", `${told.tempo ? (60 * BEATS) / told.tempo : CALM + (LIVELY - CALM) * lively}s`);
  picture.style.setProperty("--height", 0.25 + 0.75 * lively);
  picture.style.setProperty("--hue", Math.round(told.valence < 0 ? 175 - 60 * told.valence : 175 - 137 * told.valence));
  return picture;
}
