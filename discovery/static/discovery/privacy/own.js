// One's own: plays deleted, words taken back. Asked for when it is opened, because few people look.
import { ask, refused } from "../api.js";
import { nameOf } from "../music.js";
import { act, at, button, fill, row, tell } from "../page.js";
import { asMoment, gettext, worded } from "../words.js";

export const ofViewer = "";
const named = "... on Track { id title artist { name } } ... on Artist { id name }";
const paged = "pageInfo { hasNextPage endCursor }";
const said = { LIKE: gettext("liked"), DISLIKE: gettext("disliked"), SKIP: gettext("skipped"), HIDE: gettext("hidden") };
let load;
const next = {};

const lists = {
  plays: {
    query: `query($after: String) { viewer { it: listens(first: 10, after: $after) { ${paged} edges { node { id listenedAt track { title artist { name } } } } } } }`,
    line: ({ id, listenedAt, track }) => line(worded(gettext("%(name)s, %(moment)s"), { name: nameOf(track), moment: asMoment(listenedAt) }),
      gettext("Delete"), () => ask(`mutation($ids: [ID!]) { deleteListens(ids: $ids) { ... on DeletedListens { deleted } ${refused} } }`, { ids: [id] })),
    empty: gettext("No plays are kept."),
  },
  words: {
    query: `query($after: String) { viewer { it: feedback(first: 10, after: $after) { ${paged} edges { node { kind item { ${named} } } } } } }`,
    line: ({ kind, item }) => line(`${nameOf(item)}: ${said[kind]}`, gettext("Take back"),
      () => ask(`mutation($id: ID!, $kind: FeedbackKind) { clearFeedback(itemId: $id, kind: $kind) { ... on ClearedFeedback { cleared } ${refused} } }`, { id: item.id, kind })),
    empty: gettext("You have said nothing of music yet."),
  },
};

export function begin(reload) {
  load = reload;
  at("own").addEventListener("toggle", () => at("own").open && act(showAll));
  for (const name of Object.keys(lists)) at(`${name}-more`).addEventListener("click", () => act(() => further(name)));
  at("plays-delete").addEventListener("click", () => asking(true));
  at("plays-keep").addEventListener("click", () => asking(false));
  at("plays-sure").addEventListener("click", () => act(async () => {
    await ask(`mutation { deleteListens(all: true) { ... on DeletedListens { deleted } ${refused} } }`);
    asking(false);
    await load();
  }, gettext("All plays are deleted.")));
}

export const show = () => (at("own").open ? showAll() : undefined);

const showAll = () => Promise.all(Object.keys(lists).map(async (name) => fill(name, await page(name), lists[name].empty)));

const further = async (name) => at(name).append(...await page(name, next[name]));

async function page(name, after = null) {
  const { viewer: { it } } = await ask(lists[name].query, { after });
  next[name] = it.pageInfo.endCursor;
  at(`${name}-more`).hidden = !it.pageInfo.hasNextPage;
  return it.edges.map(({ node }) => lists[name].line(node));
}

function line(words, action, change) {
  const shown = row(words, button(action, () => act(async () => {
    await change();
    const beside = shown.nextElementSibling ?? shown.previousElementSibling;
    shown.remove();
    (beside?.querySelector("button") ?? at("own").querySelector("summary")).focus({ preventScroll: true });
    tell(worded(gettext("Gone: %(words)s."), { words }));
  }), { about: words }));
  return shown;
}

function asking(open) {
  at("plays-ask").hidden = !open;
  at(open ? "plays-keep" : "plays-delete").focus();
}
