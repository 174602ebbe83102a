// On this device only: what is kept is taken along first, and only then deleted where it was.
import { ask as server, refused } from "../api.js";
import { ask as asked } from "../device/client.js";
import { allowed } from "../device/feedback.js";
import { refusals } from "../device/refusals.js";
import { act, at } from "../page.js";
import { gettext } from "../words.js";

export const ofViewer = "whose: id kept: privacy { onDeviceOnly purposes { purpose state } }";
const refusal = refusals(window);
let load, on;

/** What the device does for this page; a refusal is a sentence. */
const device = (does, with_) => asked(does, with_).catch((error) => { throw new Error(refusal(error)); });

export function begin(reload) {
  load = reload;
  at("device-only").addEventListener("click", () => (on ? act(off, gettext("What you play is kept here again.")) : asking(true)));
  at("device-keep").addEventListener("click", () => asking(false));
  at("device-sure").addEventListener("click", () => act(move, gettext("What you play is on this device only. Nothing of it is kept on the server.")));
}

export function show({ viewer }) {
  on = viewer.kept.onDeviceOnly;
  allowed(viewer.whose, viewer.kept.purposes.some(({ purpose, state }) => purpose === "FEEDBACK" && state === "GRANTED"));
  at("device-only").textContent = on ? gettext("Keep it on the server again") : gettext("Keep it on this device only");
  at("device-words").textContent = on
    ? gettext("What you play and say of music is kept on your own device. The server refuses it.")
    : gettext("What you play and say of music can stay on this device. It then ranks by itself; what friends play needs the server.");
  at("device-open").hidden = !on;
  if (on) act(() => device("settled")); // where that was not reached the last time
}

function asking(open) {
  at("device-ask").hidden = !open;
  at(open ? "device-keep" : "device-only").focus();
}

async function move() {
  void navigator.storage?.persist?.(); // else a browser that is short of room may drop what is nowhere else; not waited for, as some ask first
  await device("sync");
  const answer = await fetch("/device/own");
  if (!answer.ok) throw new Error(gettext("The server did not answer. Nothing was changed."));
  await device("moving", await answer.json());
  await set(true);
  await device("settled");
  asking(false);
}

const off = () => set(false);

async function set(to) {
  await server(`mutation($on: Boolean!) { setOnDeviceOnly(on: $on) { ... on PrivacySettings { onDeviceOnly } ${refused} } }`, { on: to });
  await load();
}
