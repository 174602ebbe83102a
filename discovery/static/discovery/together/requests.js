// Who asks to be friends, and whom one asked.
import { ask, refused } from "../api.js";
import { nodes } from "../music.js";
import { act, at, button, fill, row, takeOut, tell } from "../page.js";
import { gettext, worded } from "../words.js";
import { named } from "./names.js";
import { ended } from "./person.js";

const person = "{ id handle displayName }";
export const ofViewer = () => `friendRequests(first: 30) { edges { node { id incoming sender ${person} receiver ${person} } } }`;
let load;

export function begin(reload) {
  load = reload;
}

export function show({ friendRequests }) {
  const asked = nodes(friendRequests);
  const people = asked.map((one) => (one.incoming ? one.sender : one.receiver));
  at("requests-part").hidden = !asked.length;
  fill("requests", asked.map((one, place) => (one.incoming ? incoming(one, named(people[place], people)) : outgoing(one, named(people[place], people)))));
}

const incoming = ({ id }, name) => row(name,
  button(gettext("Accept"), () => act(() => answer(id, true, name)), { about: name, className: "primary" }),
  button(gettext("Decline"), () => act(() => answer(id, false, name)), { about: name, className: "plain" }));

function outgoing({ receiver }, name) {
  const line = row(worded(gettext("You asked %(name)s"), { name }), button(gettext("Take it back"), () => act(async () => {
    await ended(receiver.id);
    takeOut(line, at("activity-title"));
    at("requests-part").hidden = !at("requests").children.length;
    tell(worded(gettext("%(name)s is not asked any more."), { name }));
  }), { about: name, className: "plain" }));
  return line;
}

async function answer(requestId, accept, name) {
  await ask(`mutation($requestId: ID!, $accept: Boolean!) {
    answerFriendRequest(requestId: $requestId, accept: $accept) { ... on FriendshipChange { state } ${refused} } }`, { requestId, accept });
  await load();
  at("friends-title").tabIndex = -1;
  at("friends-title").focus({ preventScroll: true });
  tell(worded(accept ? gettext("You and %(name)s are friends now.") : gettext("You declined. %(name)s is not told."), { name }));
}
