// What can be done with a playlist as a whole: rename it, share it, take it along, delete it.
import { ask, refused } from "../api.js";
import { closeSheet, openSheet } from "../cards/sheet.js";
import { nodes } from "../music.js";
import { act, at, button, fill, make, nothing, row, tell } from "../page.js";
import { named } from "../together/names.js";
import { gettext, ngettext, worded } from "../words.js";

const roles = { EDITOR: gettext("may edit"), VIEWER: gettext("may look and listen") };
let playlist, load;

export function show(fresh, reload) {
  [playlist, load] = [fresh, reload];
  const owns = playlist.role === "OWNER";
  const file = (form) => make("a", { className: "button", href: `/playlists/${playlist.id}.${form}`, download: "" }, form.toUpperCase());
  at("playlist-acts").replaceChildren(
    ...(playlist.role === "VIEWER" ? [] : [button(gettext("Rename"), renaming)]),
    ...(owns ? [button(gettext("Share with a friend"), () => act(sharing), { id: "share" })] : []),
    ...playlist.libraries.map((library) => button(worded(gettext("Send to %(name)s"), library), () => act(() => send(library)), { className: "send" })),
    file("jspf"), file("xspf"),
    ...(owns ? [button(gettext("Delete"), deleting, { className: "danger" })] : [button(gettext("Leave"), () => act(leave))]));
  const people = playlist.collaborators.map(({ listener }) => listener);
  at("playlist-people").hidden = !people.length;
  fill("collaborators", playlist.collaborators.map(({ listener, role }) => row(`${named(listener, people)}: ${roles[role]}`,
    owns ? button(gettext("Stop sharing"), () => act(() => unshare(listener, role)), { about: listener.displayName }) : null)));
}

function renaming() {
  const title = make("input", { id: "rename-title", type: "text", required: true, maxLength: 200, value: playlist.title, autocomplete: "off" });
  const form = make("form", { className: "stack" }, make("label", { htmlFor: title.id }, gettext("Title")), title,
    make("div", {}, make("button", { className: "primary" }, gettext("Rename"))));
  form.addEventListener("submit", (event) => { event.preventDefault(); act(() => rename(title.value)); });
  openSheet(gettext("Rename"), [form]);
  title.focus();
}

async function rename(title) {
  const before = playlist.title;
  const send = (name) => ask(`mutation($id: ID!, $title: String!) { renamePlaylist(playlistId: $id, title: $title) { ... on Playlist { id } ${refused} } }`, { id: playlist.id, title: name });
  await send(title);
  closeSheet();
  tell(worded(gettext("It is called “%(title)s” now."), { title }), { undo: async () => { await send(before); await load(); } });
  await load();
}

async function send({ id, name }) {
  const { sendPlaylist: told } = await ask(`mutation($playlist: ID!, $library: ID!) {
    sendPlaylist(playlistId: $playlist, libraryId: $library) { ... on SentPlaylist { sent missing } ${refused} } }`, { playlist: playlist.id, library: id });
  const missing = told.missing ? worded(ngettext("It lacks %(count)s of them.", "It lacks %(count)s of them.", told.missing), { count: told.missing }) : "";
  tell([worded(gettext("%(name)s has this playlist now."), { name }), missing].filter(Boolean).join(" "));
}

async function sharing() {
  const { viewer } = await ask("{ viewer { friends(first: 100) { edges { node { id handle displayName } } } } }");
  const friends = nodes(viewer.friends);
  openSheet(gettext("Share with a friend"), friends.length ? friends.map((friend) => make("div", { className: "row" }, make("span", { className: "title" }, named(friend, friends)),
    button(gettext("To listen"), () => act(() => share(friend, "VIEWER")), { about: friend.displayName }),
    button(gettext("To edit together"), () => act(() => share(friend, "EDITOR")), { about: friend.displayName, className: "to-edit" })))
    : [nothing(gettext("You have no friends here yet."), gettext("Find people"), "/together/")]);
}

const sendShare = (id, role) => ask(`mutation($id: ID!, $to: ID!, $role: PlaylistRole!) {
  sharePlaylist(playlistId: $id, listenerId: $to, role: $role) { ... on Playlist { id } ${refused} } }`, { id: playlist.id, to: id, role });
const sendUnshare = (id) => ask(`mutation($id: ID!, $to: ID!) {
  unsharePlaylist(playlistId: $id, listenerId: $to) { ... on UnsharedPlaylist { playlistId } ${refused} } }`, { id: playlist.id, to: id });

async function share({ id, displayName }, role) {
  const former = playlist.collaborators.find(({ listener }) => listener.id === id)?.role;
  await sendShare(id, role);
  closeSheet();
  tell(worded(gettext("Shared with %(name)s."), { name: displayName }), { undo: async () => { await (former ? sendShare(id, former) : sendUnshare(id)); await load(); } });
  await load();
}

async function unshare({ id, displayName }, role) {
  await sendUnshare(id);
  tell(worded(gettext("Not shared with %(name)s any more."), { name: displayName }), { undo: async () => { await sendShare(id, role); await load(); } });
  await load();
}

async function leave() {
  const { viewer } = await ask("{ viewer { profile { id } } }");
  await sendUnshare(viewer.profile.id);
  location.assign("/music/playlists/");
}

function deleting() {
  openSheet(worded(gettext("Delete “%(title)s” for good?"), { title: playlist.title }), [
    button(gettext("Keep it"), closeSheet),
    button(gettext("Delete it"), () => act(async () => {
      await ask(`mutation($id: ID!) { deletePlaylist(playlistId: $id) { ... on DeletedPlaylist { playlistId } ${refused} } }`, { id: playlist.id });
      location.assign("/music/playlists/");
    }), { className: "danger" })]);
}
