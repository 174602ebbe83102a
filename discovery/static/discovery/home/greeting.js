// What changed since one was here: requests, invitations, what friends recommend and play. Each line leads to it.
import { item, nameOf } from "../music.js";
import { at, fill, make } from "../page.js";
import { subscribe } from "../socket.js";
import { gettext, ngettext, worded } from "../words.js";

const happened = `kind at listener { displayName } ${item}`;
export const ofViewer = `friendRequests(first: 10) { edges { node { incoming sender { displayName } } } }
  rooms { title inRoom invitedBy { displayName } } activity(first: 1) { edges { node { ${happened} } } }`;

/** `mixed`: whether there is something of the viewer's own to mix from. */
export function greeting(viewer, mixed) {
  const asking = viewer.friendRequests.edges.filter(({ node }) => node.incoming);
  const invitations = viewer.rooms.filter(({ inRoom, invitedBy }) => !inRoom && invitedBy);
  const gifts = viewer.recommendationsReceived.edges.length;
  const lines = [
    asking.length ? line("/together/", asking.length === 1
      ? worded(gettext("%(name)s asks to be your friend"), { name: asking[0].node.sender.displayName })
      : worded(ngettext("%(count)s request for friendship", "%(count)s requests for friendship", asking.length), { count: asking.length })) : null,
    ...invitations.slice(0, 2).map(({ invitedBy, title }) => line("/together/rooms/",
      worded(gettext("%(name)s invites you to listen: %(title)s"), { name: invitedBy.displayName, title: title || gettext("A room without a name") }))),
    gifts ? line("#received-title", given(gifts), "given") : null,
    mixed ? line("/music/mix/", gettext("Your mix of this week")) : null,
    viewer.activity.edges.length ? event(viewer.activity.edges[0].node) : null,
  ].filter(Boolean);
  fill("greeting", lines);
  subscribe(`subscription { friendActivity { ${happened} } }`, {}, ({ friendActivity }) => {
    at("latest")?.remove();
    at("greeting").append(event(friendActivity));
  });
}

const given = (count) => worded(ngettext("%(count)s song recommended to you", "%(count)s songs recommended to you", count), { count });

/** So many of the songs that friends recommend are left. */
export function giftsLeft(count) {
  if (count) at("given").querySelector("a").textContent = given(count);
  else at("given").remove();
}

const line = (href, words, id = "") => make("li", id ? { id } : {}, make("a", { href }, words));

function event({ kind, listener, item: thing }) {
  const did = kind === "LIKED" ? gettext("%(name)s likes %(thing)s") : gettext("%(name)s played %(thing)s");
  return line("/together/", worded(did, { name: listener.displayName, thing: nameOf(thing) }), "latest");
}
