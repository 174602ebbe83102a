// Songs that friends recommend to the viewer, and those that the viewer recommends to friends.
import { card } from "../cards/card.js";
import { unsend } from "../cards/recommend.js";
import { item, nameOf, nodes } from "../music.js";
import { act, at, button, fill, make, row, takeOut, tell } from "../page.js";
import { gettext, worded } from "../words.js";
import { named } from "./names.js";

export const ofViewer = () => `recommendationsReceived(first: 10) { edges { node { id note sender { handle displayName } ${item} } } }
  recommendationsSent(first: 10) { edges { node { id note recipient { handle displayName } ${item} } } }`;

export function show(viewer) {
  const [received, sent] = [nodes(viewer.recommendationsReceived), nodes(viewer.recommendationsSent)];
  at("received-part").hidden = !received.length;
  at("sent-part").hidden = !sent.length;
  fill("received", gifts(received));
  fill("sent-rows", sent.map(({ id, recipient, item: thing }) => {
    const words = worded(gettext("%(name)s, to %(friend)s"), { name: nameOf(thing), friend: named(recipient, sent.map((one) => one.recipient)) });
    return removable(row(words), id, gettext("Take it back"), words, "sent-part");
  }));
}

/** What is recommended to the viewer, with who did and what they said; `put` is told how many are left when one is put away. */
export const gifts = (received, put = () => {}) => received.map((one) => gift(one, received.map(({ sender }) => sender), put));

function gift(one, senders, put) {
  const line = card(one, make("p", { className: "quiet prose" }, worded(gettext("From %(friend)s"), { friend: named(one.sender, senders) }), one.note ? `: “${one.note}”` : ""));
  return removable(line, one.id, gettext("Put away"), nameOf(one.item), "received-part", put);
}

function removable(line, id, text, about, part, put = () => {}) {
  line.querySelector(":scope > .buttons").append(button(text, () => act(async () => {
    await unsend(id);
    takeOut(line, at("main").querySelector("h1"));
    const left = at(part).querySelectorAll(":scope > ul > li").length;
    at(part).hidden = !left;
    put(left);
    tell(worded(gettext("%(name)s is put away."), { name: about }));
  }), { about, className: "plain" }));
  return line;
}
