// How far an erasure is: looked at until it is closed. A worker that is busy elsewhere may take its time.
const WAIT = 1000; // milliseconds between two looks
const SLOWEST = 30_000;

const steps = [...document.querySelectorAll("#erasure-steps [data-step]")];
const place = document.getElementById("erasure-state");
let wait = WAIT;

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
    show((await answer.json()).state);
    wait = WAIT;
  } catch {
    wait = Math.min(2 * wait, SLOWEST); // the server is away for a while
  }
  if (place.dataset.state !== "CLOSED") setTimeout(look, wait);
}

function show(state) {
  if (place.dataset.state === state) return; // or a screen reader would hear it again
  place.dataset.state = state;
  const now = steps.findIndex((step) => step.dataset.step === state);
  steps.forEach((step, number) => { step.classList.toggle("done", number <= now); });
  place.textContent = steps[now].dataset.words;
  if (state === "CLOSED") document.querySelector("h1").textContent = document.querySelector("h1").dataset.closed;
}

if (place.dataset.state !== "CLOSED") setTimeout(look, WAIT);
