// The button that listens: hold it while you speak, or press it before and after; `v` presses it, too.
import { act, at } from "../page.js";

const HELD = 400; // milliseconds; who presses longer holds
const talk = (what) => act(async () => (await import("./talk.js"))[what]());
const on = () => at("voice").getAttribute("aria-pressed") === "true";

function begin() {
  const one = at("voice");
  if (!one || !navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) return;
  one.hidden = false;
  let [pressed, began] = [0, false];
  one.addEventListener("pointerdown", () => {
    [pressed, began] = [performance.now(), !on()];
    if (began) talk("listen");
  });
  one.addEventListener("pointercancel", () => talk("heard"));
  one.addEventListener("click", ({ detail }) => {
    const briefly = detail && began && performance.now() - pressed < HELD;
    began = false;
    if (!briefly) talk(on() || pressed && detail ? "heard" : "listen"); // pressed briefly, it listens until it is pressed again
  });
  addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, textarea, select, [contenteditable], dialog[open]");
    if (event.key === "v" && !(writes || event.ctrlKey || event.metaKey || event.altKey)) one.click();
  });
  at("voice-aloud").checked = localStorage.voiceAloud === "true";
  at("voice-aloud").addEventListener("change", ({ target }) => { localStorage.voiceAloud = target.checked; });
}

begin();
