// A listening room from within: one queue for everybody, the same in every window a moment after somebody acts.
import { ask, refused } from "../api.js";
import { item, nameOf, nodes, thing, tune } from "../music.js";
import { songRow } from "../music/rows.js";
import { typing } from "../music/typing.js";
import { act, at, button, fill, make, redrawn, tell } from "../page.js";
import * as player from "../player.js";
import { subscribe } from "../socket.js";
import { onLeave } from "../visit.js";
import { asList, gettext, ngettext, worded } from "../words.js";
import { named } from "./names.js";

const entry = `${item} people { listener { displayName } } votes votedByYou`;
const parts = `id title step kind byLink others members { listener { id handle displayName } isHost counts } now { ${entry} } queue { ${entry} }`;
const inRoom = { roomId: "ID!" };
const SHOWN = 5;

export const titleOf = (one) => one.title || gettext("A room without a name");
export const current = () => room;

let friends, leave, me, room, stop;
let asking = false; // the player has asked for the next one

/** The room as what plays, for whoever listens along here. */
const program = {
  get from() { return room ? titleOf(room) : ""; },
  more: () => true,
  then: () => room?.queue.map((one) => one.item) ?? [],
  next: async (ended) => {
    if (!room) return undefined;
    const { id: roomId, step } = room;
    asking = true;
    try {
      await change(ended ? "advanceRoom" : "skipInRoom", { ...inRoom, step: "Int!" }, { roomId, step });
    } finally {
      asking = false;
    }
    return room?.now?.item;
  },
};

export function begin(around) {
  ({ friends, leave, me } = around);
  if (!player.follows(program)) [room, stop] = [null, () => {}];
  onLeave(typing(at("room-song"), search, { cleared: () => fill("room-hits", []) }));
}

/** A mutation that answers with the room as it stands then. */
export async function change(name, signature, variables) {
  const declared = Object.entries(signature).map(([key, type]) => `$${key}: ${type}`).join(", ");
  const passed = Object.keys(signature).map((key) => `${key}: $${key}`).join(", ");
  const data = await ask(`mutation(${declared}) { ${name}(${passed}) { ... on Room { ${parts} } ${refused} } }`, variables);
  draw(data[name]);
  return data[name];
}

/** `ended` is called where one is put out of the room, or it is gone. */
export async function open(id, ended) {
  if (room?.id === id && player.follows(program)) stop(); // it plays on
  else close();
  sessionStorage.room = id;
  const mine = stop = subscribe(`subscription($id: ID!) { roomQueue(roomId: $id) { ${parts} } }`, { id }, ({ roomQueue }) => draw(roomQueue), ended, { stays: true });
  onLeave(() => { if (!player.follows(program)) mine(); });
  const { room: now } = await ask(`query($id: ID!) { room(id: $id) { ${parts} } }`, { id });
  if (now) draw(now);
}

export function close() {
  stop();
  if (player.follows(program)) player.end();
  room = null;
  delete sessionStorage.room;
  if (at("room")) at("room").hidden = true;
}

function draw(fresh) {
  if (room?.id === fresh.id && fresh.step < room.step) return; // an answer that was overtaken
  room = fresh;
  if (player.follows(program) && !asking && !player.plays(room.now?.item)) player.start(room.now?.item);
  if (at("room")) redrawn(drawRoom); // the page may have been left
}

function drawRoom() {
  const { id: roomId, step, now } = room;
  at("room").hidden = false;
  at("room-name").textContent = titleOf(room);
  at("room-link").value = `${location.origin}/together/rooms/?room=${encodeURIComponent(roomId)}`;
  const people = room.members.map(({ listener }) => listener);
  at("room-people").textContent = asList([...room.members.map(({ listener, isHost }) =>
    (isHost ? worded(gettext("%(name)s (host)"), { name: named(listener, people) }) : named(listener, people))),
  ...(room.others ? [worded(ngettext("%(count)s more", "%(count)s more", room.others), { count: room.others })] : [])]);
  fill("room-now", now ? [make("div", { className: "playing" }, tune(now.item)), meant(now),
    make("div", { className: "buttons" },
      player.follows(program) ? null : player.playButton(now.item, () => { player.follow(program, room.now.item); at("player-toggle").focus(); }),
      button(gettext("Skip"), () => act(() => change("skipInRoom", { ...inRoom, step: "Int!" }, { roomId, step })), { about: nameOf(now.item), id: "room-skip", className: "primary" }),
      button(gettext("Veto"), () => act(() => veto(now)), { about: nameOf(now.item), id: "room-veto" }),
      button(gettext("Played to the end"), () => act(() => change("advanceRoom", { ...inRoom, step: "Int!" }, { roomId, step })), { id: "room-played", className: "plain" }))].filter(Boolean)
    : [], gettext("Nothing to play now."));
  fill("room-queue", room.queue.slice(0, SHOWN).map((one) => make("li", {}, tune(one.item), meant(one), make("div", { className: "buttons" }, voting(one),
    button(gettext("Veto"), () => act(() => veto(one)), { about: nameOf(one.item), id: `veto-${one.item.id}`, className: "plain" })))));
  const there = new Set(people.map(({ id }) => id));
  at("room-invite").replaceChildren(...friends.filter(({ id }) => !there.has(id)).map((friend) =>
    button(worded(gettext("Invite %(name)s"), { name: named(friend, friends) }), () => act(() => invite(friend)), { id: `invite-${friend.id}` })),
  ...(room.members.some(({ isHost, listener }) => isHost && listener.id === me) ? [letting(roomId)] : []),
  button(gettext("Leave"), () => act(() => leave(roomId)), { about: titleOf(room), id: "room-leave", className: "plain" }));
}

const meant = ({ people }) => (people.length
  ? make("p", { className: "quiet" }, worded(gettext("For %(people)s"), { people: asList(people.map(({ listener }) => listener.displayName)) }))
  : null);

function letting(roomId) {
  const send = () => change("setRoomLink", { ...inRoom, letsIn: "Boolean!" }, { roomId, letsIn: !room.byLink });
  const one = button(gettext("Friends of mine come in by the link"), () => act(send), { id: "room-by-link" });
  one.setAttribute("aria-pressed", room.byLink);
  return one;
}

const vote = (itemId, yes) => change("voteInRoom", { ...inRoom, itemId: "ID!", vote: "Boolean!" }, { roomId: room.id, itemId, vote: yes });

function voting({ item: song, votes, votedByYou }) {
  const text = votes ? worded(gettext("Vote (%(votes)s)"), { votes }) : gettext("Vote");
  const one = button(text, () => act(() => vote(song.id, !votedByYou)), { about: nameOf(song), id: `vote-${song.id}` });
  one.setAttribute("aria-pressed", votedByYou);
  return one;
}

async function veto({ item: song }) {
  const send = (on) => change("vetoInRoom", { ...inRoom, itemId: "ID!", veto: "Boolean!" }, { roomId: room.id, itemId: song.id, veto: on });
  await send(true);
  tell(worded(gettext("%(name)s is not played while you are there."), { name: nameOf(song) }), { undo: () => send(false) });
}

/** A song is added by voting for it. */
async function search(text) {
  const { search: found } = await ask(`query($text: String!, $kind: ItemKind) { search(text: $text, kind: $kind, first: 5) { edges { node { ${thing} } } } }`, { text, kind: room?.kind ?? null });
  return () => fill("room-hits", nodes(found).map((song) => songRow(song, { acts: [button(gettext("Add"), () => act(async () => {
    await vote(song.id, true);
    fill("room-hits", []);
    at("room-song").value = "";
    at("room-song").focus();
    tell(worded(gettext("%(name)s has your vote."), { name: nameOf(song) }), { undo: () => vote(song.id, false) });
  }), { about: nameOf(song) })] })), gettext("Nothing of that name."));
}

async function invite({ id, displayName }) {
  await change("inviteToRoom", { ...inRoom, listenerId: "ID!" }, { roomId: room.id, listenerId: id });
  tell(worded(gettext("%(name)s is invited."), { name: displayName }));
}
