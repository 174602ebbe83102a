// Reads cases from standard input, [{text, from, to, zone}], and writes what the page's reader finds in each: [[start, end, summary], …].
import { readFileSync } from "node:fs";
import { occurrences } from "./moments/events.js";
import { named } from "./moments/zones.js";

const cases = JSON.parse(readFileSync(0, "utf-8"));
const found = cases.map(({ text, from, to, zone }) => occurrences(text, from, to, named(zone)).map(({ start, end, summary }) => [start, end, summary]));
process.stdout.write(JSON.stringify(found));
