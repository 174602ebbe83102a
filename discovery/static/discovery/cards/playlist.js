// Adding a song to a playlist of one's own, or to a new one; in the dialog behind "…".
import { ask, refused } from "../api.js";
import { nodes, titleOf } from "../music.js";
import { act, at, button, make, tell } from "../page.js";
import { gettext, worded } from "../words.js";

const entries = "entries(first: 100) { edges { node { id track { id } } } }";

export async function choosePlaylist(track) {
  const { viewer } = await ask("{ viewer { playlists(first: 50) { edges { node { id title role } } } } }");
  const mine = nodes(viewer.playlists).filter(({ role }) => role !== "VIEWER");
  const title = make("input", { id: "new-playlist", type: "text", maxLength: 200, required: true, autocomplete: "off" });
  const form = make("form", { className: "stack" }, make("label", { htmlFor: title.id }, gettext("Or a new playlist called")),
    make("div", { className: "line" }, title, make("button", { className: "primary" }, gettext("Make it"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => add(track, await createPlaylist(title.value)));
  });
  at("more-place").replaceChildren(make("h3", {}, gettext("Add to a playlist")),
    make("div", { className: "acts" }, mine.map((playlist) => button(playlist.title, () => act(() => add(track, playlist))))), form);
  (at("more-place").querySelector("button, input")).focus();
}

export async function createPlaylist(title, description = "") {
  const { createPlaylist: made } = await ask(`mutation($input: PlaylistInput!) { createPlaylist(input: $input) { ... on Playlist { id title } ${refused} } }`,
    { input: { title, description } });
  return made;
}

export async function addTrack(playlistId, trackId) {
  const { addToPlaylist } = await ask(`mutation($playlistId: ID!, $trackId: ID!) {
    addToPlaylist(playlistId: $playlistId, trackId: $trackId) { ... on Playlist { id title size ${entries} } ${refused} } }`, { playlistId, trackId });
  return addToPlaylist;
}

/** A playlist with these tracks; told, with a link to it. */
export async function saveAs(title, tracks, description = "") {
  const made = await createPlaylist(title, description);
  for (const { id } of tracks) await addTrack(made.id, id);
  tell(worded(gettext("“%(title)s” is among your playlists."), { title }), { undo: () => ask(
    `mutation($id: ID!) { deletePlaylist(playlistId: $id) { ... on DeletedPlaylist { playlistId } ${refused} } }`, { id: made.id }) });
}

async function add(track, playlist) {
  const { entries: now } = await addTrack(playlist.id, track.id);
  at("more").close();
  const entry = nodes(now).findLast((one) => one.track.id === track.id);
  tell(worded(gettext("%(name)s is in “%(title)s” now."), { name: titleOf(track), title: playlist.title }), { undo: entry && (() => ask(
    `mutation($id: ID!) { removeFromPlaylist(entryId: $id) { ... on Playlist { id } ${refused} } }`, { id: entry.id })) });
}
