// A person, and what one can do: ask them for friendship, and take that back.
import { ask, refused } from "../api.js";
import { cover } from "../cards/cover.js";
import { act, button, make, row, tell } from "../page.js";
import { gettext, worded } from "../words.js";
import { named } from "./names.js";

const requested = (id) => ask(`mutation($id: ID!) { requestFriendship(listenerId: $id) { ... on FriendshipChange { state } ${refused} } }`, { id });
export const ended = (id) => ask(`mutation($id: ID!) { endFriendship(listenerId: $id) { ... on FriendshipChange { state } ${refused} } }`, { id });

export function personRow(person, among, { reason = null, friends = [] } = {}) {
  const name = named(person, among);
  const asked = () => gettext("Asked");
  const one = button(gettext("Ask to be friends"), () => act(async () => {
    one.disabled = true;
    try {
      const { requestFriendship } = await requested(person.id);
      one.textContent = requestFriendship.state === "ACCEPTED" ? gettext("Friends") : asked();
    } catch (error) {
      one.disabled = false;
      throw error;
    }
    tell(worded(gettext("%(name)s will be asked."), { name }), { undo: async () => {
      await ended(person.id);
      Object.assign(one, { disabled: false, textContent: gettext("Ask to be friends") });
      one.focus({ preventScroll: true });
    } });
  }), { about: name });
  const known = friends.some(({ id }) => id === person.id);
  return row(make("span", { className: "with-cover" }, cover(person), make("span", {}, make("span", { className: "title" }, name), make("p", { className: "quiet" }, reason ?? `@${person.handle}`))), known ? make("span", { className: "quiet" }, gettext("Friends")) : one);
}
