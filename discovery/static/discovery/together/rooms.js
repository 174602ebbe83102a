// The rooms one is in or invited to: opened, entered, joined by link, left.
import { ask, refused } from "../api.js";
import { discover, kindNow, nodes } from "../music.js";
import { act, at, button, fill, make, nothing, onSubmit, redrawn, row, tell } from "../page.js";
import { subscribe } from "../socket.js";
import { gettext, ngettext, worded } from "../words.js";
import { named } from "./names.js";
import * as inside from "./room.js";

const summary = "rooms { id title people inRoom invitedBy { displayName } host { displayName } }";

export async function start() {
  onSubmit("room-form", create);
  await discover({ first: 1 }); // what kind of music there is
  const { viewer } = await ask(`{ viewer { profile { id } friends(first: 100) { edges { node { id handle displayName } } } ${summary} } }`);
  const friends = nodes(viewer.friends);
  inside.begin({ friends, leave, me: viewer.profile.id });
  at("room-friends").replaceChildren(...(friends.length ? friends.map((friend) =>
    make("label", { className: "chip" }, make("input", { type: "checkbox", value: friend.id }), named(friend, friends)))
    : [nothing(gettext("You have no friends here yet."), gettext("Find people"), "/together/")]));
  list(viewer.rooms);
  subscribe(`subscription { ${summary} }`, {}, ({ rooms }) => list(rooms));
  const linked = new URLSearchParams(location.search).get("room");
  const known = viewer.rooms.find(({ id }) => id === (linked ?? sessionStorage.room));
  if (known?.inRoom) await enter(known.id); // the page was loaded anew, or came by a link
  else if (linked) await act(() => join(linked).catch(({ message }) => {
    throw new Error([message, gettext("A link leads in whom somebody in the room invited, and friends of the host where the host allows it.")].join(" "));
  }));
}

const list = (rooms) => redrawn(() => fill("rooms", rooms.filter(({ id }) => id !== inside.current()?.id).map((one) => {
  const about = inside.titleOf(one);
  const people = worded(ngettext("%(count)s person", "%(count)s people", one.people), { count: one.people });
  const from = one.inRoom || !one.invitedBy ? people : worded(gettext("%(friend)s invites you; %(people)s"), { friend: one.invitedBy.displayName, people });
  return row(make("span", {}, make("span", { className: "title" }, about), make("p", { className: "quiet" }, from)),
    one.inRoom
      ? button(gettext("Go in"), () => act(() => enter(one.id)), { about, id: `door-${one.id}` })
      : button(gettext("Join"), () => act(() => join(one.id)), { about, id: `door-${one.id}`, className: "primary" }),
    button(one.inRoom ? gettext("Leave") : gettext("Decline"), () => act(() => leave(one.id)), { about, id: `part-${one.id}`, className: "plain" }));
}), inside.current() ? "" : gettext("No room yet: open one, and invite friends.")));

async function create() {
  const guests = [...at("room-friends").querySelectorAll(":checked")].map((box) => box.value);
  const { id } = await inside.change("createRoom", { title: "String", kind: "ItemKind", with: "[ID!]" },
    { title: at("room-title").value.trim(), kind: kindNow(), with: guests });
  at("room-form").reset();
  at("open-room").open = false;
  await enter(id);
}

async function join(roomId) {
  await inside.change("joinRoom", { roomId: "ID!" }, { roomId });
  await enter(roomId);
}

async function leave(roomId) {
  await ask(`mutation($roomId: ID!) { leaveRoom(roomId: $roomId) { ... on LeftRoom { roomId } ${refused} } }`, { roomId });
  if (roomId === inside.current()?.id) inside.close();
  await again();
}

async function enter(id) {
  await inside.open(id, () => { inside.close(); if (!at("rooms")) return; tell(gettext("You are not in that room any more.")); act(again); });
  await again();
}

async function again() {
  list((await ask(`{ viewer { ${summary} } }`)).viewer.rooms);
}
