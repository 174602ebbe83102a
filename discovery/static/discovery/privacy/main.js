// The privacy center. Each part says what it asks of the API and shows what comes back.
import { ask } from "../api.js";
import * as choices from "./choices.js";
import * as device from "./device.js";
import * as exclusions from "./exclusions.js";
import * as experiments from "./experiments.js";
import * as leaving from "./leaving.js";
import * as level from "./level.js";
import * as notices from "./notices.js";
import * as own from "./own.js";
import * as records from "./records.js";
import * as seen from "./seen.js";
import * as segments from "./segments.js";

const parts = [notices, choices, device, experiments, exclusions, leaving, records, seen, segments, level, own];

async function load() {
  const data = await ask(`{ viewer { ${parts.map((part) => part.ofViewer).join("\n")} }
    recommenderParameters { description howToChange averageShare } policy { version text } }`);
  await Promise.all(parts.map((part) => part.show(data)));
}

export function start() {
  for (const part of parts) part.begin(load);
  return load();
}
