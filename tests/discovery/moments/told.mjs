// What the page would tell: labels of titles, moments of events, and the place that a position lies in.
import { readFileSync } from "node:fs";
import { labelOf } from "./moments/classify.js";
import { coarse } from "./moments/coarse.js";
import { placeAt } from "./moments/places.js";

const { titles = [], events = [], now = 0, places = [], at = [] } = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify({
  labels: titles.map((summary) => labelOf({ summary })),
  moments: coarse(events, now),
  found: at.map((position) => placeAt(places, position)?.label ?? null),
}));
