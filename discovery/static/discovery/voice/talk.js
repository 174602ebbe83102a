// From listening to what is done: what was said is told in words, asked for where it is not sure, and done as a button does it.
import { act, at, tell } from "../page.js";
import { gettext } from "../words.js";
import { onDevice, recognize } from "./device.js";
import { intents } from "./intents.js";
import { record } from "./recorder.js";

let listening = null; // a promise of what can be stopped

at("voice-yes").addEventListener("click", () => answered(true));
at("voice-no").addEventListener("click", () => answered(false));

function shown(on) {
  at("voice").setAttribute("aria-pressed", on);
  at("player-sound").muted = on; // so that what plays is not what is heard
}

/** Begins to listen; it ends by itself after ten seconds. */
export async function listen() {
  shown(true);
  tell(gettext("Listening. Say for example: skip this song."));
  const full = () => { if (listening) act(heard); };
  listening = onDevice().then((own) => (own ? recognize(full) : record(full)));
  try {
    await listening;
  } catch (error) {
    listening = null;
    shown(false);
    throw error.name === "NotAllowedError" ? new Error(gettext("The browser does not let this page listen.")) : error;
  }
}

/** What was said is over: it is understood, and done. */
export async function heard() {
  const one = listening;
  if (!one) return;
  listening = null;
  shown(false);
  await follow(await understood(await (await one).stop()));
}

/** What the server makes of samples, or of words; it keeps neither. */
async function understood(said) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const type = typeof said === "string" ? "text/plain" : "audio/l16";
  const response = await fetch("/voice/", { method: "POST", headers: { "Content-Type": type, "X-CSRFToken": token }, body: said });
  const answer = await response.json();
  if (answer.errors) throw new Error(answer.errors[0].message);
  return answer;
}

let asked = null;

async function follow({ intent, slots, say, confirm }) {
  ask(null);
  tell(confirm ? "" : say);
  if (confirm) ask({ intent, slots }, say);
  else if (intent) await intents[intent](slots);
}

function ask(what, words = "") {
  asked = what;
  at("voice-asked").hidden = !what;
  at("voice-words").textContent = words;
  if (what) at("voice-yes").focus();
}

function answered(yes) {
  const { intent, slots } = asked;
  ask(null);
  at("voice").focus();
  tell("");
  if (yes) act(() => intents[intent](slots));
}
