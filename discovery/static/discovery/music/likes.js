// What one said of music: likes and the rest, each taken back where one says so.
import { ask } from "../api.js";
import { give, takeBack } from "../cards/said.js";
import { item, nameOf, nodes } from "../music.js";
import { act, at, button, fill, make, nothing, takeOut, tell } from "../page.js";
import { asDay, gettext, worded } from "../words.js";
import { songRow } from "./rows.js";

const words = { LIKE: gettext("liked"), DISLIKE: gettext("less of this"), SKIP: gettext("skipped"), HIDE: gettext("hidden") };
const none = {
  "": gettext("You have said nothing of music here."), LIKE: gettext("You have liked nothing here."), DISLIKE: gettext("There is nothing you want less of."),
  SKIP: gettext("You have skipped nothing here."), HIDE: gettext("You have hidden nothing here."),
};
let behind;

export function start() {
  at("said-kind").addEventListener("change", () => act(again));
  at("said-more").addEventListener("click", () => act(async () => at("said").append(...await page(behind))));
  return again();
}

async function again() {
  const lines = await page();
  fill("said", lines.length ? lines : [make("li", {}, nothing(none[at("said-kind").value], gettext("Find something to like"), "/"))]);
}

/** The next lines of this kind; what is of another kind is passed over. */
async function page(after = null) {
  const lines = [];
  behind = after;
  do {
    const { viewer } = await ask(`query($after: String) { viewer { feedback(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor } edges { node { kind givenAt ${item} } } } } }`, { after: behind });
    const { pageInfo } = viewer.feedback;
    behind = pageInfo.endCursor;
    at("said-more").hidden = !pageInfo.hasNextPage;
    const kind = at("said-kind").value;
    lines.push(...nodes(viewer.feedback).filter((one) => !kind || one.kind === kind).map(line));
  } while (!lines.length && !at("said-more").hidden);
  return lines;
}

function line({ kind, givenAt, item: thing }) {
  const name = nameOf(thing);
  const row = songRow(thing, {
    words: [make("p", { className: "quiet" }, worded(gettext("%(said)s on %(day)s"), { said: words[kind], day: asDay(givenAt) }))],
    acts: [button(gettext("Take back"), () => act(async () => {
      const [place, beside] = [row.parentElement, row.nextElementSibling];
      await takeBack(thing.id, kind);
      takeOut(row, at("said-kind"));
      if (!place.children.length) await again(); // there may be earlier ones; else it says that there is none
      tell(worded(gettext("Taken back: %(name)s."), { name }), { undo: async () => { await give(thing.id, kind); place.querySelector(".nothing")?.parentElement.remove(); place.insertBefore(row, beside?.isConnected ? beside : null); } });
    }), { about: name })],
  });
  return row;
}
