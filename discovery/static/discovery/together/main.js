// Friends: who asks, what they play, who they are, whom one may know; and the picture of one's neighborhood.
import { ask } from "../api.js";
import { nodes } from "../music.js";
import { act } from "../page.js";
import * as activity from "./activity.js";
import * as friends from "./friends.js";
import * as gifts from "./gifts.js";
import * as map from "./map.js";
import * as requests from "./requests.js";
import * as said from "../cards/said.js";

const parts = [requests, activity, friends, gifts, map];

async function load() {
  await map.kind();
  const { viewer } = await ask(`{ viewer { friends(first: 100) { edges { node { id handle displayName cover } } } ${said.ofViewer}
    ${parts.map((part) => part.ofViewer()).join("\n")} } }`);
  said.know(viewer);
  const known = nodes(viewer.friends);
  await Promise.all(parts.map((part) => act(() => part.show(viewer, known))));
}

export function start() {
  for (const part of parts) part.begin?.(load);
  return load();
}
