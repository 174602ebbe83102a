// Breaches that concern the viewer, as the operator tells them. Shown only where there is one.
import { at, make } from "../page.js";
import { asMoment, gettext, worded } from "../words.js";

export const ofViewer = "told: privacy { notices { happenedAt what done authorityToldAt } }";

export function begin() {}

export function show({ viewer }) {
  const { notices } = viewer.told;
  at("notices").hidden = !notices.length;
  at("breaches").replaceChildren(...notices.map(notice));
}

function notice({ happenedAt, what, done, authorityToldAt }) {
  const told = authorityToldAt ? worded(gettext("The authority was told on %(moment)s."), { moment: asMoment(authorityToldAt) }) : null;
  return make("li", {}, make("span", { className: "title" }, what),
    [asMoment(happenedAt), ...done, told].filter(Boolean).map((words) => make("p", { className: "quiet" }, words)));
}
