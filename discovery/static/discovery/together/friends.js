// Friends, people found by name, and people one may know.
import { ask } from "../api.js";
import { cover } from "../cards/cover.js";
import { closeSheet, openSheet } from "../cards/sheet.js";
import { nodes } from "../music.js";
import { typing } from "../music/typing.js";
import { act, at, button, fill, make, row, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, worded } from "../words.js";
import { named } from "./names.js";
import { ended, personRow } from "./person.js";

export const ofViewer = () => "friendSuggestions(first: 6) { edges { node { reason listener { id handle displayName cover } } } }";
let load, friends;

export function begin(reload) {
  load = reload;
  onLeave(typing(at("people-text"), find, { cleared: () => fill("people-hits", []), failed: ({ message }) => tell(message, { isError: true }) }));
}

export function show(viewer, known) {
  friends = known;
  fill("friends", friends.map((one) => {
    const name = named(one, friends);
    return row(make("span", { className: "with-cover" }, cover(one), make("span", { className: "title" }, name)), button("…", () => more(one, name), { label: worded(gettext("More for %(name)s"), { name }), className: "plain open-more" }));
  }), gettext("No friends here yet: find people by name, or let yourself be found."));
  const suggested = nodes(viewer.friendSuggestions);
  const people = suggested.map(({ listener }) => listener);
  at("suggestions-part").hidden = !suggested.length;
  fill("suggestions", suggested.map(({ listener, reason }) => personRow(listener, people, { reason })));
}

function more(friend, name) {
  const to = (href, words) => make("a", { className: "button", href, onclick: closeSheet }, words);
  const id = encodeURIComponent(friend.id);
  openSheet(name, [
    to(`/radio/?seed=${id}&name=${encodeURIComponent(name)}`, gettext("Start radio")),
    to(`/together/blend/?with=${id}`, gettext("Blend")), to(`/together/match/?with=${id}`, gettext("Taste match")),
    to("/privacy/#per-friend-title", gettext("What you share")),
    button(gettext("End the friendship"), () => parting(friend, name), { className: "danger" }),
  ]);
}

function parting(friend, name) {
  openSheet(worded(gettext("End the friendship with %(name)s?"), { name }), [button(gettext("Stay friends"), closeSheet),
    button(gettext("End it"), () => { closeSheet(); act(async () => {
      await ended(friend.id);
      await load();
      tell(worded(gettext("You and %(name)s are no longer friends."), { name }));
    }); }, { className: "danger" })]);
}

async function find(text) {
  const { people } = await ask("query($text: String!) { people(text: $text, first: 10) { edges { node { id handle displayName cover } } } }", { text });
  const found = nodes(people);
  return () => fill("people-hits", found.map((one) => personRow(one, found, { friends })), gettext("Nobody of that name who can be found."));
}
