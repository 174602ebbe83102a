// Who asks, whom one may know, and what friends play, as it happens.
import { ask, refused } from "../api.js";
import { item, tune } from "../music.js";
import { act, at, button, fill, make, row, tell } from "../page.js";
import { subscribe } from "../socket.js";
import { asMoment, gettext, worded } from "../words.js";

const happened = `id kind at listener { displayName } ${item}`;
export const ofViewer = () => `activity(first: 8) { edges { node { ${happened} } } }
  friendRequests(first: 10) { edges { node { id incoming sender { displayName } } } }
  friendSuggestions(first: 4) { edges { node { reason listener { id displayName } } } }`;

const SHOWN = 8;

export function show(viewer) {
  showRequests(viewer.friendRequests.edges.map(({ node }) => node).filter(({ incoming }) => incoming));
  showSuggestions(viewer.friendSuggestions.edges.map(({ node }) => node));
  fill("activity", viewer.activity.edges.map(({ node }) => event(node)), gettext("Quiet. Friends who let you know by name show up here."));
  subscribe(`subscription { friendActivity { ${happened} } }`, {}, ({ friendActivity }) => {
    at("activity").querySelector(".quiet:only-child")?.remove();
    at("activity").prepend(event(friendActivity));
    while (at("activity").children.length > SHOWN) at("activity").lastElementChild.remove();
  });
}

function event({ kind, listener, at: when, item: thing }) {
  const did = kind === "LIKED" ? gettext("%(name)s likes") : gettext("%(name)s played");
  return make("li", {}, make("span", { className: "quiet" }, worded(did, { name: listener.displayName })), tune(thing),
    make("time", { className: "quiet", dateTime: when }, asMoment(when)));
}

function showRequests(requests) {
  at("requests").closest("section").hidden = !requests.length;
  fill("requests", requests.map(({ id, sender: { displayName: name } }) => row(name,
    button(gettext("Accept"), () => act(() => answer(id, true, name)), { about: name, className: "primary" }),
    button(gettext("Decline"), () => act(() => answer(id, false, name)), { about: name, className: "plain" }))));
}

function showSuggestions(suggested) {
  at("suggestions").closest("section").hidden = !suggested.length;
  fill("suggestions", suggested.map(({ reason, listener }) => row(
    make("span", {}, make("span", { className: "title" }, listener.displayName), make("p", { className: "quiet" }, reason)),
    button(gettext("Ask"), () => act(() => request(listener)), { about: listener.displayName }))));
}

async function answer(requestId, accept, name) {
  await ask(`mutation($requestId: ID!, $accept: Boolean!) {
    answerFriendRequest(requestId: $requestId, accept: $accept) { ... on FriendshipChange { state } ${refused} } }`, { requestId, accept });
  await again(worded(accept ? gettext("You and %(name)s are friends now.") : gettext("You declined. %(name)s is not told."), { name }));
}

async function request({ id, displayName: name }) {
  await ask(`mutation($id: ID!) { requestFriendship(listenerId: $id) { ... on FriendshipChange { state } ${refused} } }`, { id });
  await again(worded(gettext("%(name)s will be asked."), { name }));
}

async function again(done) {
  const { viewer } = await ask(`{ viewer { friendRequests(first: 10) { edges { node { id incoming sender { displayName } } } }
    friendSuggestions(first: 4) { edges { node { reason listener { id displayName } } } } } }`);
  showRequests(viewer.friendRequests.edges.map(({ node }) => node).filter(({ incoming }) => incoming));
  showSuggestions(viewer.friendSuggestions.edges.map(({ node }) => node));
  tell(done);
}
