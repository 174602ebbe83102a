// How much of what plays was heard, and a word to the API about it. A leap is not heard.
import { ask, refused } from "./api.js";

const STEP = 1.5; // seconds that a sound may go on between two looks at it; more is a leap
let heard; // { id, trackId, at, seconds, looked }
const untold = []; // plays that did not reach the server

export function begin(trackId) {
  heard = { id: word(), trackId, at: new Date().toISOString(), seconds: 0, looked: 0 };
}

/** What was heard until now stands apart from what follows: a private session begins or ends in the middle of a song. */
export function part(trackId) {
  if (!heard) return;
  const { looked } = heard;
  tell();
  begin(trackId);
  heard.looked = looked;
}

/** How many milliseconds were heard until now. */
export const heardMs = () => Math.round((heard?.seconds ?? 0) * 1000);

export function look({ currentTime, playbackRate }) {
  if (!heard) return;
  const passed = currentTime - heard.looked;
  if (passed > 0 && passed < STEP * Math.max(1, playbackRate)) heard.seconds += passed;
  heard.looked = currentTime;
}

/** It is over, or another begins. A start that ends soon is a skip: the server says from when on it is a play. */
export function tell() {
  if (heard?.seconds) untold.push({ source: "earshot", sourceId: heard.id, trackId: heard.trackId, listenedAt: heard.at, msPlayed: heardMs() });
  heard = undefined;
  const input = untold.splice(0);
  if (!input.length) return;
  // Where plays are not recorded, or a private session runs, the server keeps nothing, and says so without an error. What did not
  // arrive is told again with the next one; twice told is still one play.
  ask(`mutation($input: [ListenInput!]!) { recordListens(input: $input) { ... on RecordedListens { stored } ${refused} } }`,
    { input }).catch(() => untold.push(...input));
}

/** A UUID; `crypto.randomUUID` is there on encrypted pages alone. */
function word() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
