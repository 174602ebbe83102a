// What the installation knows: what weighs in, what is kept, what was answered.
import { ask } from "../api.js";
import { act, at, fill, make } from "../page.js";
import { asDay, asList, asMoment, asNumber, asPercent, gettext, ngettext, worded } from "../words.js";
import { titleOf } from "./switches.js";

const history = "pageInfo { hasNextPage endCursor } edges { node { purpose label newState occurredAt actor friendId } }";
export const ofViewer = `dataUsage { held { why count usedFor oldest newest } models { id createdAt } }
  consentHistory(first: 8) { ${history} }`;

const states = {
  GRANTED: gettext("yes"), DENIED: gettext("no"), WITHDRAWN: gettext("taken back"),
  EXPIRED: gettext("ran out"), UNDEFINED: gettext("not answered"),
};
const actors = {
  SYSTEM: gettext("by the installation"), GPC: gettext("by your browser's signal"),
  GUARDIAN: gettext("by your guardian"), IMPORT: gettext("by an import"),
};
let next;

export function begin() {
  at("history-more").addEventListener("click", () => act(async () => {
    const { viewer } = await ask(`query($after: String) { viewer { consentHistory(first: 20, after: $after) { ${history} } } }`, { after: next });
    at("history").append(...answers(viewer.consentHistory));
  }));
}

export function show({ viewer, recommenderParameters, policy }) {
  const heaviest = [...recommenderParameters].sort((one, other) => (other.averageShare ?? 0) - (one.averageShare ?? 0));
  fill("weights", heaviest.map(weight));
  fill("held", viewer.dataUsage.held.filter(({ count }) => count).map(held), gettext("Nothing but your account is kept."));
  const models = viewer.dataUsage.models.length;
  at("models").textContent = models
    ? worded(ngettext("%(count)s recommender was trained while you allowed it.", "%(count)s recommenders were trained while you allowed it.", models), { count: models })
    : gettext("No recommender was trained while you allowed it.");
  fill("history", answers(viewer.consentHistory), gettext("You have not answered anything yet."));
  at("policy-version").textContent = policy.version;
  fill("policy", paragraphs(policy.text));
}

const line = (title, ...more) => make("li", {}, make("span", { className: "title" }, title), more.map((words) => make("p", { className: "quiet" }, words)));

function weight({ description, howToChange, averageShare }) {
  const share = averageShare ?? 0;
  const bar = make("meter", { value: share, attributes: { "aria-hidden": "true" } });
  return make("li", { className: "weight" }, make("span", { className: "title" }, description),
    make("span", { className: "share" }, averageShare === null ? "–" : asPercent(share)), bar, make("p", { className: "quiet" }, howToChange));
}

function held({ why, count, usedFor, oldest, newest }) {
  const since = oldest ? worded(gettext("From %(oldest)s to %(newest)s."), { oldest: asDay(oldest), newest: asDay(newest) }) : null;
  const use = usedFor.length ? worded(gettext("In use now for: %(purposes)s."), { purposes: asList(usedFor.map(titleOf)) }) : gettext("In use for nothing else now.");
  return make("li", { className: "weight" }, make("span", { className: "title" }, why), make("span", { className: "share" }, asNumber(count)),
    make("p", { className: "quiet" }, [since, use].filter(Boolean).join(" ")));
}

function answers({ edges, pageInfo }) {
  next = pageInfo.endCursor;
  at("history-more").hidden = !pageInfo.hasNextPage;
  return edges.map(({ node }) => {
    const friend = node.friendId && document.getElementById(`NAMED-${node.friendId}`)?.closest("fieldset").querySelector("legend").textContent;
    const title = titleOf(node.purpose) ?? node.label; // what is not asked any more has no switch
    const about = friend ? `${title} (${friend})` : title;
    return line(`${about}: ${states[node.newState]}`, [asMoment(node.occurredAt), actors[node.actor]].filter(Boolean).join(", "));
  });
}

/** The policy's text: headings, and paragraphs with **strong** beginnings. */
function paragraphs(text) {
  return text.trim().split(/\n{2,}/).map((block) => {
    if (block.startsWith("#")) return make("h3", {}, block.replace(/^#+ /, ""));
    return make("p", {}, block.replaceAll("\n", " ").split("**").map((words, place) => (place % 2 ? make("strong", {}, words) : words)));
  });
}
