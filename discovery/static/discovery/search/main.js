// Everything by its name while one types: tracks, artists, people, playlists, tags.
import { ask } from "../api.js";
import { card } from "../cards/card.js";
import * as said from "../cards/said.js";
import { nodes, thing } from "../music.js";
import { typing } from "../music/typing.js";
import { at, make, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";
import { personRow } from "../together/person.js";

let playlists = [];

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
    artists: search(text: $text, kind: ARTIST, first: 6) { tags(first: 8) { name } edges { node { ${thing} } } }
    tracks: search(text: $text, kind: TRACK, first: 12) { edges { node { ${thing} } } }
    people(text: $text, first: 6) { edges { node { id handle displayName cover } } } }`, { text });
  const [tracks, artists, people] = [nodes(answer.tracks), nodes(answer.artists), nodes(answer.people)];
  const key = text.toLowerCase();
  const mine = playlists.filter(({ title }) => title.toLowerCase().includes(key));
  return () => show(text, [
    part("tracks", gettext("Tracks"), "ol", "cards", tracks.map((item) => card({ item }))),
    part("artists", gettext("Artists"), "ol", "cards", artists.map((item) => card({ item }))),
    part("people", gettext("People"), "ul", "card rows", people.map((one) => personRow(one, people))),
    part("mine", gettext("Playlists"), "ul", "card rows", mine.map(({ id, title }) => make("li", {}, make("a", { href: `/music/playlists/${encodeURIComponent(id)}/` }, title)))),
    part("tags", gettext("Tags"), "ul", "greeting", answer.artists.tags.map(({ name: tag }) => make("li", {}, make("a", { href: `/radio/?tag=${encodeURIComponent(tag)}` }, worded(gettext("Radio: %(tag)s"), { tag }))))),
  ]);
}

const part = (id, title, list, className, lines) => lines.length && { count: lines.length,
  view: make("section", { attributes: { "aria-labelledby": `${id}-title` } }, make("h2", { id: `${id}-title` }, title), make(list, { id, className, attributes: { "aria-labelledby": `${id}-title` } }, lines)) };

function show(text, parts) {
  const found = parts.filter(Boolean);
  const count = found.reduce((sum, one) => sum + one.count, 0);
  at("hits").replaceChildren(...found.map(({ view }) => view));
  at("search-count").textContent = !text ? "" : count
    ? worded(ngettext("%(count)s hit for “%(text)s”", "%(count)s hits for “%(text)s”", count), { count, text })
    : worded(gettext("Nothing here is called “%(text)s”."), { text });
  history.replaceState(history.state, "", text ? `?text=${encodeURIComponent(text)}` : location.pathname);
}
