// The discovery page. Each part says what it asks of the API and shows what comes back.
import { ask } from "../api.js";
import { act } from "../page.js";
import * as blend from "./blend.js";
import * as map from "./map.js";
import * as people from "./people.js";
import * as radio from "./radio.js";
import * as room from "./room.js";
import * as tunes from "./tunes.js";

const parts = [tunes, radio, room, people, blend, map];

async function load() {
  await tunes.first(); // what kind of music there is to recommend decides what the others ask for
  const { viewer } = await ask(`{ viewer { friends(first: 50) { edges { node { id displayName } } }
    ${parts.map((part) => part.ofViewer?.() ?? "").join("\n")} } }`);
  const friends = viewer.friends.edges.map(({ node }) => node);
  for (const part of parts) act(() => part.show?.(viewer, friends));
}

for (const part of parts) part.begin?.();
act(load);
