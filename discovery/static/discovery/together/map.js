// The viewer's neighborhood: the shortest visible ways to friends and to what may please, as a picture and in words.
import { ask } from "../api.js";
import { discover, kindNow, titleOf } from "../music.js";
import { at, fill, make } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, worded } from "../words.js";

const MOST = 7; // of each; an operation has at most 15 aliases
const ROW = 40;
const path = `nodes { __typename ... on Node { id } ... on Listener { displayName } ... on Track { title artist { name } } ... on Artist { name } } links { text }`;
let found = [];

/** What kind of music there is to recommend is found out first. */
export const kind = () => discover({ first: 1 });

export const ofViewer = () => `near: discover(kind: ${kindNow()}, first: ${MOST}) { edges { node { item { ... on Track { id } ... on Artist { id } } } } }`;

export async function show(viewer, friends) {
  const goals = [...friends.slice(0, MOST), ...viewer.near.edges.map(({ node }) => node.item)].map(({ id }) => id);
  const names = goals.map((_, place) => `$id${place}: ID!`).join(", ");
  const { viewer: answer } = goals.length
    ? await ask(`query(${names}) { viewer { ${goals.map((_, place) => `to${place}: pathTo(id: $id${place}) { ...path }`).join("\n")} } } fragment path on Path { ${path} }`,
      Object.fromEntries(goals.map((id, place) => [`id${place}`, id])))
    : { viewer: {} };
  if (!at("map")) return; // left meanwhile
  found = Object.values(answer).filter(Boolean);
  fill("map-words", found.map(({ links }) => make("li", {}, links.map(({ text }) => text).join("; "))), gettext("No visible way yet: add friends, or play something."));
  draw();
  const watching = new ResizeObserver(draw);
  watching.observe(at("map"));
  onLeave(() => watching.disconnect());
}

/** A tree of rows: each step one column to the right, lines from everything to what it leads to. */
function draw() {
  const width = at("map")?.clientWidth;
  if (!found.length || !width) return at("map")?.replaceChildren();
  const { places, lines } = layOut();
  const deepest = Math.max(...[...places.values()].map(({ step }) => step));
  const indent = Math.max(22, Math.min(190, (width - 230) / deepest));
  const x = (step) => 14 + step * indent;
  const y = (row) => ROW / 2 + row * ROW;
  const image = svg("svg", { width, height: places.size * ROW, role: "group", "aria-labelledby": "map-title", "aria-describedby": "map-words" });
  for (const [from, to] of lines) {
    const [x1, y1, x2, y2] = [x(from.step), y(from.row), x(to.step), y(to.row)];
    image.append(svg("path", { d: `M${x1} ${y1} C${x1} ${(y1 + y2) / 2 + 8} ${x1} ${y2} ${x2} ${y2}` }));
  }
  for (const { node, step, row } of places.values()) {
    const label = step ? titleOf(node) : gettext("You");
    const room = Math.floor((width - x(step) - 24) / 7.5);
    const place = step ? svg("a", { href: leadsTo(node), "aria-label": worded(gettext("Radio: %(name)s"), { name: label }) }) : image;
    place.append(svg("circle", { cx: x(step), cy: y(row), r: step ? 7 : 10, class: step ? node.__typename : "You" }),
      svg("text", { x: x(step) + 16, y: y(row) + 5, class: step ? node.__typename : "You" }, label.length > room ? `${label.slice(0, room - 1)}…` : label));
    if (step) image.append(place);
  }
  return at("map").replaceChildren(image);
}

/** Everything in the picture can be where a radio starts. */
const leadsTo = (node) => `/radio/?seed=${encodeURIComponent(node.id)}&name=${encodeURIComponent(titleOf(node))}`;

/** Where each thing stands: below what leads to it first. */
function layOut() {
  const root = { children: new Map(), node: null, step: 0 };
  for (const { nodes } of found) {
    let here = root;
    nodes.slice(1).forEach((node, index) => {
      if (!here.children.has(node.id)) here.children.set(node.id, { children: new Map(), node, step: index + 1 });
      here = here.children.get(node.id);
    });
  }
  const [places, lines] = [new Map(), []];
  const visit = (one) => {
    one.row = places.size;
    places.set(one, one);
    for (const child of one.children.values()) { lines.push([one, child]); visit(child); }
  };
  visit(root);
  return { places, lines };
}

function svg(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
