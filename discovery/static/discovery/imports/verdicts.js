// What of an import was not stored, and why: asked for when it is opened, filtered by what became of it.
import { ask } from "../api.js";
import { act, button, make } from "../page.js";
import { asNumber, gettext, worded } from "../words.js";

const kinds = {
  "": gettext("everything"), REFUSED: gettext("not understood"), SKIPPED: gettext("left out"),
  DUPLICATE: gettext("known already"), CORRECTED: gettext("corrected"),
};

export function verdicts(id, title) {
  let next;
  const list = make("ul", { className: "rows" });
  const more = button(gettext("Show more"), () => act(async () => list.append(...await page(next))), { hidden: true, about: title });
  const choice = make("select", { id: `kind-${id}`, onchange: () => act(again) },
    Object.entries(kinds).map(([value, words]) => make("option", { value }, words)));

  async function page(after = null) {
    const query = `query($id: ID!, $outcome: ImportOutcome, $after: String) { node(id: $id) { ... on Import {
      rows(outcome: $outcome, first: 20, after: $after) { pageInfo { hasNextPage endCursor } edges { node { part firstRow lastRow outcome message } } } } } }`;
    const { node: { rows } } = await ask(query, { id, outcome: choice.value || null, after });
    next = rows.pageInfo.endCursor;
    more.hidden = !rows.pageInfo.hasNextPage;
    return rows.edges.map(({ node }) => line(node));
  }

  async function again() {
    const lines = await page();
    list.replaceChildren(...(lines.length ? lines : [make("li", { className: "quiet" }, gettext("Nothing of this kind."))]));
  }

  const details = make("details", {}, make("summary", {}, gettext("What was not stored, and why")),
    make("p", { className: "line" }, make("label", { htmlFor: choice.id }, gettext("Show")), choice), list,
    make("p", { className: "buttons" }, more));
  details.addEventListener("toggle", () => details.open && act(again));
  return details;
}

function line({ part, firstRow, lastRow, outcome, message }) {
  return make("li", {}, make("span", {}, place(part, firstRow, lastRow)),
    make("p", { className: "quiet" }, message ?? kinds[outcome]));
}

function place(part, first, last) {
  const values = { part: asNumber(part), first: asNumber(first), last: asNumber(last) };
  if (!first) return worded(gettext("File %(part)s"), values);
  return worded(first === last ? gettext("File %(part)s, row %(first)s") : gettext("File %(part)s, rows %(first)s to %(last)s"), values);
}
