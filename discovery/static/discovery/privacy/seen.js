// Who saw the viewer: a row a person, item and day, with the song where one was named.
import { ask } from "../api.js";
import { nameOf, nodes, thing } from "../music.js";
import { at, fill, make } from "../page.js";
import { named } from "../together/names.js";
import { asDay, gettext, worded } from "../words.js";

export const ofViewer = "shownTo(first: 60) { edges { node { day named itemId recipient { id handle displayName } } } }";
const MOST = 15; // an operation has at most so many aliases

export function begin() {}

export async function show({ viewer }) {
  const seen = nodes(viewer.shownTo);
  const songs = await titles([...new Set(seen.map(({ itemId }) => itemId).filter(Boolean))]);
  if (!at("shown")) return;
  const rows = new Map();
  for (const one of seen) {
    const key = [one.recipient.id, one.itemId, one.day].join();
    rows.set(key, { ...one, named: one.named || rows.get(key)?.named });
  }
  const people = [...new Map(seen.map(({ recipient }) => [recipient.id, recipient])).values()];
  fill("shown", [...rows.values()].map((one) => line(one, songs.get(one.itemId), named(one.recipient, people))),
    gettext("In the last 90 days, nobody whom you can see now was shown anything because of you."));
}

function line({ day, named: byName }, song, person) {
  const how = byName ? gettext("%(day)s, with your name") : gettext("%(day)s, without your name");
  return make("li", {}, make("span", { className: "title" }, person),
    song ? make("p", {}, worded(gettext("because you play %(name)s"), { name: nameOf(song) })) : null,
    make("p", { className: "quiet" }, worded(how, { day: asDay(day) })));
}

async function titles(ids) {
  const found = new Map();
  for (let first = 0; first < ids.length; first += MOST) {
    const some = ids.slice(first, first + MOST);
    const names = some.map((_, place) => `$id${place}: ID!`).join(", ");
    const data = await ask(`query(${names}) { ${some.map((_, place) => `n${place}: node(id: $id${place}) { ...it }`).join("\n")} } fragment it on Node { ${thing} }`,
      Object.fromEntries(some.map((id, place) => [`id${place}`, id])));
    for (const node of Object.values(data)) if (node) found.set(node.id, node);
  }
  return found;
}
