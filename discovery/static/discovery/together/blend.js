// One list for several people, and who each item is for; it can be saved as a playlist.
import { ask } from "../api.js";
import { card } from "../cards/card.js";
import { saveAs } from "../cards/playlist.js";
import * as said from "../cards/said.js";
import { discover, item, kindNow, nodes } from "../music.js";
import { act, at, fill, make, nothing, onSubmit } from "../page.js";
import { asList, asPercent, gettext, worded } from "../words.js";
import { named, namesOf } from "./names.js";

let friends = [];
let last = null;

export async function start() {
  onSubmit("blend", blend);
  at("blend-save").addEventListener("click", () => act(save));
  await discover({ first: 1 }); // what kind of music there is
  const { viewer } = await ask(`{ viewer { friends(first: 100) { edges { node { id handle displayName } } } ${said.ofViewer} } }`);
  said.know(viewer);
  friends = nodes(viewer.friends);
  const wanted = new URLSearchParams(location.search).getAll("with");
  at("blend-friends").replaceChildren(...(friends.length ? friends.map((friend) =>
    make("label", { className: "chip" }, make("input", { type: "checkbox", value: friend.id, checked: wanted.includes(friend.id) }), named(friend, friends)))
    : [nothing(gettext("A blend takes friends."), gettext("Find people"), "/together/")]));
  at("blend-go").hidden = !friends.length;
  if (wanted.length && friends.length) await blend();
}

async function blend() {
  const ids = [...at("blend-friends").querySelectorAll(":checked")].map((box) => box.value);
  if (!ids.length) throw new Error(gettext("Choose at least one friend."));
  const { viewer } = await ask(`query($with: [ID!]!, $kind: ItemKind!) { viewer { blend(with: $with, kind: $kind, first: 20) {
    degraded match members { listener { displayName } satisfaction } items { ${item} people { listener { displayName } } } } } }`, { with: ids, kind: kindNow() });
  const { degraded, match, members, items } = viewer.blend;
  last = { items, names: namesOf(friends.filter(({ id }) => ids.includes(id))) };
  at("blend-save").hidden = !items.some((one) => one.item.artist);
  const alike = kindNow() === "ARTIST" ? gettext("By artists, your tastes are %(percent)s alike.") : gettext("By tracks, your tastes are %(percent)s alike.");
  at("blend-match").textContent = items.length && match !== null ? worded(alike, { percent: asPercent(match) }) : "";
  at("blend-members").hidden = !items.length;
  fill("blend-members", items.length ? members.map(({ listener, satisfaction }) => make("li", { className: "weight" },
    make("span", {}, worded(gettext("How much of it is for %(name)s"), { name: listener.displayName })), make("span", { className: "share" }, asPercent(satisfaction)),
    make("meter", { value: satisfaction, attributes: { "aria-hidden": "true" } }))) : []);
  fill("blend-items", items.map((entry) => card({ item: entry.item },
    make("p", { className: "quiet" }, worded(gettext("For %(people)s"), { people: asList(entry.people.map(({ listener }) => listener.displayName)) })))),
  degraded === "NOT_SHARED" ? gettext("Nothing to blend: both sides have to share with each other.") : gettext("Nothing to blend now."));
}

const save = () => saveAs(worded(gettext("Blend with %(names)s"), { names: last.names }), last.items.map((one) => one.item).filter((one) => one.artist));
