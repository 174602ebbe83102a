// Oneself: profile, music servers, what one is signed in with, and players to connect.
import { ask } from "../api.js";
import * as moments from "../moments/panel.js";
import * as devices from "./devices.js";
import * as libraries from "./libraries.js";
import * as players from "./players.js";
import * as profile from "./profile.js";

const parts = [profile, libraries, moments, devices, players];

async function load() {
  const data = await ask(`{ viewer { ${parts.map((part) => part.ofViewer).join("\n")} } }`);
  for (const part of parts) part.show(data);
}

export function start() {
  for (const part of parts) part.begin(load);
  return load();
}
