// One list for several people, and who each item is for.
import { ask } from "../api.js";
import { item, kindNow, tune } from "../music.js";
import { at, fill, make, onSubmit } from "../page.js";
import { asList, asPercent, gettext, worded } from "../words.js";

export const begin = () => onSubmit("blend", blend);

export function show(_viewer, friends) {
  at("blend").closest("section").hidden = !friends.length;
  at("blend-friends").replaceChildren(...friends.map(({ id, displayName }) =>
    make("label", { className: "chip" }, make("input", { type: "checkbox", value: id }), displayName)));
}

async function blend() {
  const ids = [...at("blend-friends").querySelectorAll(":checked")].map((box) => box.value);
  if (!ids.length) throw new Error(gettext("Choose at least one friend."));
  const { viewer } = await ask(`query($with: [ID!]!, $kind: ItemKind!) { viewer { blend(with: $with, kind: $kind, first: 10) {
    degraded match members { listener { displayName } satisfaction } items { ${item} people { listener { displayName } } } } } }`, { with: ids, kind: kindNow() });
  const { degraded, match, members, items } = viewer.blend;
  at("blend-match").textContent = items.length && match !== null ? worded(gettext("Your tastes are %(percent)s alike."), { percent: asPercent(match) }) : "";
  fill("blend-members", items.length ? members.map(({ listener, satisfaction }) => make("li", { className: "weight" },
    make("span", {}, listener.displayName), make("span", { className: "share" }, asPercent(satisfaction)),
    make("meter", { value: satisfaction, attributes: { "aria-hidden": "true" } }))) : []);
  fill("blend-items", items.map((entry) => make("li", {}, tune(entry.item),
    make("p", { className: "quiet" }, worded(gettext("For %(people)s"), { people: asList(entry.people.map(({ listener }) => listener.displayName)) })))),
  degraded === "NOT_SHARED" ? gettext("Nothing to blend: both sides have to share with each other.") : gettext("Nothing to blend now."));
}
