// The line under a heading: what the answer was made from, as it says itself, and what might have counted.
import { asList, gettext, worded } from "../words.js";

const used = {
  "": gettext("The most popular music here: nothing of yours is used."),
  SELF: gettext("From your plays, likes and skips."),
  SOCIAL_IN: gettext("From what friends play who share it with you."),
  "SELF SOCIAL_IN": gettext("From your plays, likes and skips, and from friends who share with you."),
};
const OCCASIONS = ["CALENDAR", "LOCATION"]; // on whose word a moment may have counted, too
const moment = gettext("For the moment that your device told.");
const degraded = {
  NO_MODEL: gettext("No recommender has been trained yet. Come back in a while."),
  MODEL_UNAVAILABLE: gettext("The recommender cannot be read at the moment. Come back in a while."),
  NO_EVIDENCE: gettext("There is nothing of yours to go by yet, so this is what is popular."),
  CATALOG_ONLY: gettext("Too few people play the same here to learn from them: this goes by artists and tags, and by what friends share."),
  TOO_FEW_LISTENERS: gettext("Too few people listen here for anything to count as popular."),
  NOTHING_NEW: gettext("You know all the music here that anything can be said of. A music server that you connect, or friends who share, bring more."),
};
const nothingAtAll = gettext("There is nothing of yours to go by yet, and too few people listen here for anything to count as popular.");
const purposes = { SELF: gettext("your plays"), SOCIAL_IN: gettext("your friends' plays") };

export function madeFrom(answer) {
  const untaught = answer.degraded === "NO_MODEL" && answer.edges.length;
  if (untaught) return gettext("From your own libraries, by artist, genre, mood, decade and tempo: no recommender has been trained yet.");
  const alone = answer.degraded === "NO_EVIDENCE" && !answer.edges.length && nothingAtAll;
  const words = alone || degraded[answer.degraded] || usedOf(answer.used);
  const off = answer.notUsed.map((purpose) => purposes[purpose]).filter(Boolean);
  const left = worded(gettext("Not allowed, and so not used: %(things)s."), { things: asList(off) });
  return off.length ? `${words} ${left}` : words;
}

function usedOf(told) {
  const lasting = told.filter((purpose) => !OCCASIONS.includes(purpose));
  if (lasting.length === told.length) return used[lasting.join(" ")] ?? used[""];
  return lasting.length ? `${used[lasting.join(" ")]} ${moment}` : moment;
}
