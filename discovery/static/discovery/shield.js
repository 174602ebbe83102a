// The shield in the header: how much is used now, and until when nothing is kept; with the private session's switch.
import { ask, refused } from "./api.js";
import { act, at, tell } from "./page.js";
import { asTime, gettext, worded } from "./words.js";

const asked = "{ viewer { privacy { level privateUntil } } }";
let until = null;
let timer;
export const isPrivate = () => Boolean(until);

export function begin() {
  if (!at("shield")) return;
  at("shield-private").addEventListener("click", () => act(turn));
  addEventListener("privacychange", () => act(look));
  act(look);
}

async function look() {
  const { viewer } = await ask(asked);
  const { level, privateUntil } = viewer.privacy;
  const name = at("shield").querySelector(`[data-level="${level}"]`) ?? at("shield").querySelector("[data-level]:last-child");
  until = privateUntil;
  for (const one of at("shield").querySelectorAll("[data-level]")) one.hidden = one !== name;
  at("shield-until").textContent = until ? worded(gettext("private until %(time)s"), { time: asTime(until) }) : "";
  at("shield").classList.toggle("private", Boolean(until));
  at("shield-private").textContent = until ? gettext("End the private session") : gettext("Start a private session");
  clearTimeout(timer);
  if (until) timer = setTimeout(() => act(look), Math.max(1000, new Date(until) - Date.now() + 500));
}

async function turn() {
  const begins = !until;
  await ask(`mutation { ${begins ? "startPrivateSession" : "endPrivateSession"} { ... on PrivacySettings { level } ${refused} } }`);
  await look();
  tell(begins ? worded(gettext("Private until %(time)s: nothing that you play is kept."), { time: asTime(until) }) : gettext("The private session is over."),
    { undo: turn });
}
