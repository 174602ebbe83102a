// A listening room: one queue for everybody in it, the same in every window a moment after somebody acts.
import { ask, refused } from "../api.js";
import { item, kindNow, nameOf, tune } from "../music.js";
import { act, at, button, fill, make, onSubmit, redrawn, row, tell } from "../page.js";
import { subscribe } from "../socket.js";
import { asList, gettext, ngettext, worded } from "../words.js";

const summary = "rooms { id title people inRoom invitedBy { displayName } host { displayName } }";
const entry = `${item} people { listener { displayName } } votes votedByYou`;
const parts = `id title step others members { listener { id displayName } isHost counts } now { ${entry} } queue { ${entry} }`;
export const ofViewer = () => summary;

const titleOf = (room) => room.title || gettext("A room without a name");
const SHOWN = 5;
let friends = [];
let room = null;
let stop = () => {};

export const begin = () => onSubmit("room-form", create);

export function show(viewer, known) {
  friends = known;
  at("room-friends").replaceChildren(...friends.map(({ id, displayName }) =>
    make("label", { className: "chip" }, make("input", { type: "checkbox", value: id }), displayName)));
  subscribe(`subscription { ${summary} }`, {}, ({ rooms }) => list(rooms));
  const here = viewer.rooms.find(({ id, inRoom }) => inRoom && id === sessionStorage.room);
  if (here) enter(here.id); // the page was loaded anew
}

const list = (rooms) => redrawn(() => fill("rooms", rooms.filter(({ id }) => id !== room?.id).map((one) => {
  const about = titleOf(one);
  const people = worded(ngettext("%(count)s person", "%(count)s people", one.people), { count: one.people });
  const from = one.inRoom || !one.invitedBy ? people : worded(gettext("%(friend)s invites you; %(people)s"), { friend: one.invitedBy.displayName, people });
  return row(make("span", {}, make("span", { className: "title" }, about), make("p", { className: "quiet" }, from)),
    one.inRoom
      ? button(gettext("Go in"), () => act(() => enter(one.id)), { about, id: `door-${one.id}` })
      : button(gettext("Join"), () => act(() => join(one.id)), { about, id: `door-${one.id}`, className: "primary" }),
    button(one.inRoom ? gettext("Leave") : gettext("Decline"), () => act(() => leave(one.id)), { about, id: `part-${one.id}`, className: "plain" }));
})));

/** A mutation that answers with the room as it stands then. */
async function change(name, signature, variables) {
  const declared = Object.entries(signature).map(([key, type]) => `$${key}: ${type}`).join(", ");
  const passed = Object.keys(signature).map((key) => `${key}: $${key}`).join(", ");
  const data = await ask(`mutation(${declared}) { ${name}(${passed}) { ... on Room { ${parts} } ${refused} } }`, variables);
  draw(data[name]);
  return data[name];
}

const inRoom = { roomId: "ID!" };

async function create() {
  const guests = [...at("room-friends").querySelectorAll(":checked")].map((box) => box.value);
  const { id } = await change("createRoom", { title: "String", kind: "ItemKind", with: "[ID!]" },
    { title: at("room-title").value.trim(), kind: kindNow(), with: guests });
  at("room-form").reset();
  at("room-form").closest("details").open = false;
  await enter(id);
}

async function join(roomId) {
  await change("joinRoom", inRoom, { roomId });
  await enter(roomId);
}

async function leave(roomId) {
  await ask(`mutation($roomId: ID!) { leaveRoom(roomId: $roomId) { ... on LeftRoom { roomId } ${refused} } }`, { roomId });
  if (roomId === room?.id) close();
  await again();
}

async function enter(id) {
  close();
  sessionStorage.room = id;
  stop = subscribe(`subscription($id: ID!) { roomQueue(roomId: $id) { ${parts} } }`, { id },
    ({ roomQueue }) => draw(roomQueue), () => { close(); tell(gettext("You are not in that room any more.")); act(again); });
  const { room: now } = await ask(`query($id: ID!) { room(id: $id) { ${parts} } }`, { id });
  if (now) draw(now);
  await again();
}

function close() {
  stop();
  room = null;
  delete sessionStorage.room;
  at("room").hidden = true;
}

const again = async () => list((await ask(`{ viewer { ${summary} } }`)).viewer.rooms);

function draw(fresh) {
  if (room?.id === fresh.id && fresh.step < room.step) return; // an answer that was overtaken
  room = fresh;
  redrawn(drawRoom);
}

function drawRoom() {
  const { id: roomId, step, now } = room;
  at("room").hidden = false;
  at("room-name").textContent = titleOf(room);
  at("room-people").textContent = asList([...room.members.map(({ listener, isHost }) =>
    (isHost ? worded(gettext("%(name)s (host)"), { name: listener.displayName }) : listener.displayName)),
  ...(room.others ? [worded(ngettext("%(count)s more", "%(count)s more", room.others), { count: room.others })] : [])]);
  fill("room-now", now ? [make("div", { className: "playing" }, tune(now.item)), meant(now),
    make("div", { className: "buttons" },
      button(gettext("Skip"), () => act(() => change("skipInRoom", { ...inRoom, step: "Int!" }, { roomId, step })), { about: nameOf(now.item), id: "room-skip", className: "primary" }),
      button(gettext("Veto"), () => act(() => veto(now)), { about: nameOf(now.item) }),
      button(gettext("Played to the end"), () => act(() => change("advanceRoom", { ...inRoom, step: "Int!" }, { roomId, step })), { className: "plain" }))]
    : [], gettext("Nothing to play now."));
  fill("room-queue", room.queue.slice(0, SHOWN).map((one) => make("li", {}, tune(one.item), meant(one), make("div", { className: "buttons" }, voting(one),
    button(gettext("Veto"), () => act(() => veto(one)), { about: nameOf(one.item), className: "plain" })))));
  const there = new Set(room.members.map(({ listener }) => listener.id));
  const absent = friends.filter(({ id }) => !there.has(id));
  at("room-invite").replaceChildren(...absent.map((friend) =>
    button(worded(gettext("Invite %(name)s"), { name: friend.displayName }), () => act(() => invite(friend)))),
  button(gettext("Leave"), () => act(() => leave(roomId)), { about: titleOf(room), className: "plain" }));
}

const meant = ({ people }) => (people.length
  ? make("p", { className: "quiet" }, worded(gettext("For %(people)s"), { people: asList(people.map(({ listener }) => listener.displayName)) }))
  : null);

function voting({ item: thing, votes, votedByYou }) {
  const text = votes ? worded(gettext("Vote (%(votes)s)"), { votes }) : gettext("Vote");
  const one = button(text, () => act(() => change("voteInRoom", { ...inRoom, itemId: "ID!", vote: "Boolean!" },
    { roomId: room.id, itemId: thing.id, vote: !votedByYou })), { about: nameOf(thing), id: `vote-${thing.id}` });
  one.setAttribute("aria-pressed", votedByYou);
  return one;
}

const veto = ({ item: thing }) => change("vetoInRoom", { ...inRoom, itemId: "ID!" }, { roomId: room.id, itemId: thing.id });

async function invite({ id, displayName }) {
  await change("inviteToRoom", { ...inRoom, listenerId: "ID!" }, { roomId: room.id, listenerId: id });
  tell(worded(gettext("%(name)s is invited."), { name: displayName }));
}
