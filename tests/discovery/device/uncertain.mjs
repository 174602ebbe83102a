// How often the device's answers are the truth: over all chances in even steps, and as it draws them.
import { readFileSync } from "node:fs";
import { answers, uncertain } from "./device/feedback.js";

const { steps } = JSON.parse(readFileSync(0, "utf8"));
const chances = Array.from({ length: steps }, (_, step) => Math.floor((step + 0.5) / steps * 2 ** 32));
const yes = (truth) => chances.filter((chance) => uncertain(truth, chance)).length;
const drawn = Array.from({ length: 4000 }, () => uncertain(true)).filter(Boolean).length / 4000;
process.stdout.write(JSON.stringify({
  true: yes(true), false: yes(false), drawn,
  answers: [
    answers({ first: "a" }, [{ id: "a", skipped: false }, { id: "b", skipped: true }]),
    answers({ first: "a" }, [{ id: "a", skipped: true }, { id: "b", skipped: true }, { id: "c", skipped: false }]),
  ],
}));
