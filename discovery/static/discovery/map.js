// A picture of the way from you to friends and to what you may like; the same in words below it.
import { ask, make, named } from "./api.js";

const path = `nodes { __typename id ... on Listener { displayName handle } ... on Track { title artist { name } } ... on Artist { name } } links { text }`;
const svg = (name, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text ?? "";
  return element;
};
const label = (node) => named(node) || node.handle;

export async function draw(place, friends) {
  const { viewer } = await ask(`{ viewer { discover(kind: ARTIST, first: 4) { edges { node { item { ... on Artist { id } } } } } } }`);
  const goals = [...friends.slice(0, 4).map(({ id }) => id), ...viewer.discover.edges.map(({ node }) => node.item.id)];
  const paths = [];
  for (const id of goals) {
    const answer = await ask(`query($id: ID!) { viewer { connectionTo(id: $id) { ${path} } } }`, { id });
    if (answer.viewer.connectionTo) paths.push(answer.viewer.connectionTo);
  }
  if (!paths.length) return place.replaceChildren(make("p", { className: "quiet" }, "No visible path yet: add friends, or play something."));
  place.replaceChildren(picture(paths), words(paths));
}

function picture(paths) {
  const places = new Map(); // node id → where it stands; a column for each step from you
  const rows = [];
  for (const { nodes } of paths) {
    nodes.forEach((node, step) => {
      if (places.has(node.id)) return;
      rows[step] = (rows[step] ?? 0) + 1;
      places.set(node.id, { x: 20 + step * 190, y: rows[step] * 44 - 10, label: step ? label(node) : "You" });
    });
  }
  const height = Math.max(...rows) * 44 + 20;
  const image = svg("svg", { viewBox: `0 0 ${rows.length * 190} ${height}`, "aria-hidden": "true" });
  for (const { nodes } of paths) {
    nodes.slice(1).forEach((node, step) => {
      const [from, to] = [places.get(nodes[step].id), places.get(node.id)];
      image.append(svg("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y }));
    });
  }
  for (const { x, y, label: text } of places.values()) {
    image.append(svg("circle", { cx: x, cy: y, r: 6 }), svg("text", { x: x + 2, y: y + 21 }, text.length > 24 ? `${text.slice(0, 23)}…` : text));
  }
  return image;
}

const words = (paths) => make("ul", { className: "plain quiet" }, ...paths.map(({ nodes, links }) =>
  make("li", {}, nodes.map((node, step) => (step ? `${links[step - 1].text} → ${label(node)}` : "You")).join(", "))));
