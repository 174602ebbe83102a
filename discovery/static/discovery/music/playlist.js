// One playlist: its songs in order, and what its role allows: rename, reorder, add, take out, share, take along.
import { ask, refused } from "../api.js";
import { addTrack } from "../cards/playlist.js";
import { nameOf, nodes, ofTrack } from "../music.js";
import { act, at, button, fill, make, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";
import * as about from "./playlist-about.js";
import * as plan from "./playlist-plan.js";
import { songRow } from "./rows.js";
import { typing } from "./typing.js";

const entry = `id position addedBy { displayName } track { ${ofTrack} }`;
const page = `pageInfo { hasNextPage endCursor } edges { node { ${entry} } }`;
const entries = `entries(first: 100) { ${page} }`;
const parts = `id title description cover coverText size role owner { id displayName } collaborators { role listener { id handle displayName } } ${entries}`;
let key, playlist, behind;
let list = []; // the entries that are shown

export function start(main) {
  key = main.dataset.key;
  onLeave(typing(at("add-text"), search));
  at("entries-more").addEventListener("click", () => act(async () => (await more())?.focus({ preventScroll: true })));
  return load();
}

async function load() {
  const { node, viewer } = await ask(`query($id: ID!) { node(id: $id) { ... on Playlist { ${parts} } } viewer { libraries { id name } } }`, { id: key });
  if (!node) throw new Error(gettext("There is no such playlist, or you may not see it any more."));
  show({ ...node, libraries: viewer.libraries });
  await plan.show(node);
}

const edits = () => playlist.role !== "VIEWER";

function show(fresh) {
  playlist = { libraries: playlist?.libraries ?? [], ...fresh }; // a change tells of the playlist alone
  at("playlist-name").textContent = playlist.title;
  Object.assign(at("playlist-cover"), { src: playlist.cover, alt: playlist.coverText, hidden: false });
  document.title = `${playlist.title} – Earshot`;
  const songs = worded(ngettext("%(count)s song", "%(count)s songs", playlist.size), { count: playlist.size });
  at("playlist-about").textContent = [playlist.description, songs].filter(Boolean).join(" · ");
  list = [];
  fill("entries", [], gettext("No song in it yet: add one below."));
  append(playlist.entries);
  at("playlist-add").hidden = !edits();
  about.show(playlist, load);
}

/** The lines of a further page. */
function append(fresh) {
  const lines = nodes(fresh).map((one, place) => line(one, list.length + place));
  if (!list.length && lines.length) at("entries").replaceChildren();
  list.push(...nodes(fresh));
  behind = fresh.pageInfo;
  at("entries").append(...lines);
  at("entries-more").hidden = !behind.hasNextPage;
  return lines;
}

/** Shows the next page, and tells the first button in it. */
async function more() {
  const { node } = await ask(`query($id: ID!, $after: String) { node(id: $id) { ... on Playlist { entries(first: 100, after: $after) { ${page} } } } }`, { id: key, after: behind.endCursor });
  return append(node.entries)[0]?.querySelector("button:enabled");
}

function line({ id, addedBy, track }, place) {
  const name = nameOf(track);
  const move = (by, text, label) => button(text, () => act(() => moved(id, place, place + by)), { label: worded(label, { name }), id: `move${by}-${id}`, className: "plain", disabled: place + by < 0 || place + by >= playlist.size });
  return songRow(track, {
    words: addedBy && playlist.collaborators.length ? [make("p", { className: "quiet" }, worded(gettext("Added by %(name)s"), { name: addedBy.displayName }))] : [],
    acts: edits() ? [move(-1, "↑", gettext("Move %(name)s up")), move(1, "↓", gettext("Move %(name)s down")),
      button("×", () => act(() => takeOut(id, track, place)), { label: worded(gettext("Take %(name)s out"), { name }), className: "plain take-out" })] : [],
  });
}

async function changed(mutation, types, variables) {
  const declared = Object.entries(types).map(([name, type]) => `$${name}: ${type}`).join(", ");
  const passed = Object.keys(types).map((name) => `${name}: $${name}`).join(", ");
  const data = await ask(`mutation(${declared}) { ${mutation}(${passed}) { ... on Playlist { ${parts} } ${refused} } }`, variables);
  const last = document.activeElement?.id;
  const shown = list.length;
  show(data[mutation]);
  while (list.length + 1 < shown && behind.hasNextPage) await more(); // one may have been taken out
  const there = at(last);
  if (there && there !== document.activeElement) (there.disabled ? there.parentElement.querySelector("button:enabled") : there)?.focus({ preventScroll: true });
}

const place = (entryId, position) => changed("movePlaylistEntry", { entryId: "ID!", position: "Int!" }, { entryId, position });

async function moved(id, from, to) {
  await place(id, to);
  tell(gettext("Moved."), { undo: () => place(id, from) });
}

async function takeOut(entryId, track, position) {
  await changed("removeFromPlaylist", { entryId: "ID!" }, { entryId });
  at("playlist-name").tabIndex = -1;
  (at("entries").querySelectorAll(".take-out")[position] ?? at("playlist-name")).focus({ preventScroll: true });
  tell(worded(gettext("%(name)s is out."), { name: nameOf(track) }), {
    undo: () => changed("addToPlaylist", { playlistId: "ID!", trackId: "ID!", position: "Int" }, { playlistId: key, trackId: track.id, position }) });
}

async function search(text) {
  const { search: found } = await ask(`query($text: String!) { search(text: $text, kind: TRACK, first: 6) { edges { node { ... on Track { ${ofTrack} } } } } }`, { text });
  return () => fill("add-hits", nodes(found).map((track) => songRow(track, { acts: [button(gettext("Add"), () => act(async () => {
    await addTrack(key, track.id);
    await load();
    tell(worded(gettext("%(name)s is in."), { name: nameOf(track) }));
  }), { about: nameOf(track) })] })), gettext("Nothing of that name."));
}
