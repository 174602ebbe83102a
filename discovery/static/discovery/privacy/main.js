// The privacy center. Each part says what it asks of the API and shows what comes back.
import { ask } from "../api.js";
import { act } from "../page.js";
import * as choices from "./choices.js";
import * as devices from "./devices.js";
import * as exclusions from "./exclusions.js";
import * as leaving from "./leaving.js";
import * as level from "./level.js";
import * as notices from "./notices.js";
import * as own from "./own.js";
import * as players from "./players.js";
import * as records from "./records.js";

const parts = [notices, choices, exclusions, leaving, records, level, devices, players, own];

async function load() {
  const data = await ask(`{ viewer { ${parts.map((part) => part.ofViewer).join("\n")} }
    recommenderParameters { description howToChange averageShare } policy { version text } }`);
  await Promise.all(parts.map((part) => part.show(data)));
}

for (const part of parts) part.begin(load);
act(load);
