// Everything by its name while one types: tracks, artists, people, playlists, tags.
import { ask } from "../api.js";
import { card } from "../cards/card.js";
import * as said from "../cards/said.js";
import { nodes, thing } from "../music.js";
import { typing } from "../music/typing.js";
import { act, at, button, make, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";
import { personRow } from "../together/person.js";

const page = `pageInfo { hasNextPage endCursor } edges { node { ${thing} } }`;
const person = "{ id handle displayName cover }";
let playlists = [];
let shown = ""; // what was looked for

export async function start() {
  const field = at("search-text");
  field.value ||= new URLSearchParams(location.search).get("text") ?? "";
  field.focus({ preventScroll: true });
  const { viewer } = await ask(`{ viewer { playlists(first: 100) { edges { node { id title } } } ${said.ofViewer} } }`);
  playlists = nodes(viewer.playlists);
  said.know(viewer);
  onLeave(typing(field, search, { cleared: () => show("", []), failed: ({ message }) => tell(message, { isError: true }) }));
}

async function search(text) {
  const answer = await ask(`query($text: String!) {
    artists: search(text: $text, kind: ARTIST, first: 6) { tags(first: 8) { name } ${page} }
    tracks: search(text: $text, kind: TRACK, first: 12) { ${page} }
    people(text: $text, first: 6) { pageInfo { hasNextPage endCursor } edges { node ${person} } } }`, { text });
  const key = text.toLowerCase();
  const mine = playlists.filter(({ title }) => title.toLowerCase().includes(key));
  return () => show(text, [
    part("tracks", gettext("Tracks"), "ol", "cards", cards(answer.tracks), further(answer.tracks, (after) => items(text, "TRACK", after), cards)),
    part("artists", gettext("Artists"), "ol", "cards", cards(answer.artists), further(answer.artists, (after) => items(text, "ARTIST", after), cards)),
    part("people", gettext("People"), "ul", "card rows", rows(answer.people), further(answer.people, (after) => people(text, after), rows)),
    part("mine", gettext("Playlists"), "ul", "card rows", mine.map(({ id, title }) => make("li", {}, make("a", { href: `/music/playlists/${encodeURIComponent(id)}/` }, title)))),
    part("tags", gettext("Tags"), "ul", "greeting", answer.artists.tags.map(({ name: tag }) => make("li", {}, make("a", { href: `/radio/?tag=${encodeURIComponent(tag)}` }, worded(gettext("Radio: %(tag)s"), { tag }))))),
  ]);
}

const items = async (text, kind, after) => (await ask(`query($text: String!, $kind: ItemKind!, $after: String) {
  search(text: $text, kind: $kind, first: 24, after: $after) { ${page} } }`, { text, kind, after })).search;
const people = async (text, after) => (await ask(`query($text: String!, $after: String) {
  people(text: $text, first: 24, after: $after) { pageInfo { hasNextPage endCursor } edges { node ${person} } } }`, { text, after })).people;
const cards = (found) => nodes(found).map((item) => card({ item }));
const rows = (found) => nodes(found).map((one, place, all) => personRow(one, all));

/** The button that shows what was found beyond, where there is more: `next` asks for it, `drawn` makes lines of it. */
function further({ pageInfo }, next, drawn) {
  if (!pageInfo.hasNextPage) return null;
  let after = pageInfo.endCursor;
  const more = button(gettext("Show more"), () => act(async () => {
    const found = await next(after);
    const lines = drawn(found);
    after = found.pageInfo.endCursor;
    more.closest("section").querySelector("ol, ul").append(...lines);
    (lines[0]?.querySelector("button, a") ?? at("search-text")).focus({ preventScroll: true });
    if (!found.pageInfo.hasNextPage) more.parentElement.remove();
    counted();
  }), { className: "show-more" });
  return make("p", { className: "buttons after" }, more);
}

const part = (id, title, list, className, lines, more = null) => lines.length && make("section", { attributes: { "aria-labelledby": `${id}-title` } },
  make("h2", { id: `${id}-title` }, title), make(list, { id, className, attributes: { "aria-labelledby": `${id}-title` } }, lines), more);

function show(text, parts) {
  shown = text;
  at("hits").replaceChildren(...parts.filter(Boolean));
  counted();
  history.replaceState(history.state, "", text ? `?text=${encodeURIComponent(text)}` : location.pathname);
}

/** How much is shown; and that it is not all, where there is more. */
function counted() {
  const count = at("hits").querySelectorAll("section > :is(ol, ul) > li").length;
  const words = at("hits").querySelector(".show-more")
    ? ngettext("The first %(count)s hit for “%(text)s”", "The first %(count)s hits for “%(text)s”", count)
    : ngettext("%(count)s hit for “%(text)s”", "%(count)s hits for “%(text)s”", count);
  at("search-count").textContent = !shown ? "" : worded(count ? words : gettext("Nothing here is called “%(text)s”."), { count, text: shown });
}
