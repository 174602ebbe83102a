// Two tastes side by side, by what both let the other know.
import { ask } from "../api.js";
import { nameOf, nodes, thing } from "../music.js";
import { table } from "../music/charts.js";
import { act, at, make, nothing, onSubmit } from "../page.js";
import { asPercent, gettext, worded } from "../words.js";
import { named } from "./names.js";

let friends = [];

export async function start() {
  onSubmit("match-form", () => look(at("match-friend").value));
  const { viewer } = await ask("{ viewer { friends(first: 100) { edges { node { id handle displayName } } } } }");
  friends = nodes(viewer.friends);
  at("match-form").hidden = !friends.length;
  if (!friends.length) at("match").replaceChildren(nothing(gettext("A taste match takes a friend."), gettext("Find people"), "/together/"));
  at("match-friend").replaceChildren(...friends.map((one) => make("option", { value: one.id }, named(one, friends))));
  const wanted = new URLSearchParams(location.search).get("with");
  if (!friends.some(({ id }) => id === wanted)) return;
  at("match-friend").value = wanted;
  await act(() => look(wanted));
}

async function look(id) {
  const { viewer } = await ask(`query($with: ID!) { viewer { tasteMatch(with: $with) { percent degraded
    shared { yours theirs item { ${thing} } } onlyYou { ${thing} } onlyThem { ${thing} } } } }`, { with: id });
  const { percent, degraded, shared, onlyYou, onlyThem } = viewer.tasteMatch;
  const { displayName: name } = friends.find((one) => one.id === id);
  if (degraded === "NOT_SHARED") {
    at("match").replaceChildren(nothing(worded(gettext("You and %(name)s have to share with each other, by name, for that."), { name }), gettext("What you share"), "/privacy/#per-friend-title"));
    return;
  }
  const both = worded(gettext("What you and %(name)s both play"), { name });
  const list = (id_, title, items) => make("section", { attributes: { "aria-labelledby": id_ } }, make("h2", { id: id_ }, title),
    make("ul", { className: "card rows" }, items.length ? items.map((one) => make("li", {}, nameOf(one))) : [make("li", { className: "quiet" }, gettext("Nothing."))]));
  at("match").replaceChildren(make("p", { className: "lede" }, worded(gettext("By artists, your tastes are %(percent)s alike."), { percent: asPercent(percent / 100) })),
    make("meter", { value: percent / 100, attributes: { "aria-hidden": "true" } }),
    make("section", { attributes: { "aria-labelledby": "both-title" } }, make("h2", { id: "both-title" }, both), make("div", { className: "card" }, shared.length
      ? table(both, [gettext("Artist"), gettext("of your plays"), worded(gettext("of %(name)s's"), { name })], shared.map(({ item, yours, theirs }) => [nameOf(item), asPercent(yours), asPercent(theirs)]))
      : make("p", { className: "quiet" }, gettext("Nothing.")))),
    make("div", { className: "twice" }, list("you-title", gettext("Only you"), onlyYou), list("them-title", worded(gettext("Only %(name)s"), { name }), onlyThem)));
}
