// What was handed in: progress while it is read, then counts, what was not stored and why, and a way back.
import { ask, refused } from "../api.js";
import { act, at, button, fill, make, tell } from "../page.js";
import { asDay, asNumber, asPercent, gettext, ngettext, worded } from "../words.js";
import { verdicts } from "./verdicts.js";

const fields = "id state format askedAt rowsRead stored duplicates corrected skipped refused playlistsMade wordsSaid progress message";
const names = {
  SPOTIFY: "Spotify", SPOTIFY_SHORT: "Spotify", LISTENBRAINZ: "ListenBrainz", LASTFM: "Last.fm", MALOJA: "Maloja",
  ROCKBOX: "Rockbox", JSPF: gettext("Playlist"), XSPF: gettext("Playlist"),
};
const EVERY = 1500; // milliseconds between two looks at what is being read
const drawn = new Map(); // by id: what was drawn, and the line
let next, looking;

export function begin() {
  drawn.clear();
  next = null;
  at("imports-more").addEventListener("click", () => act(async () => show(await page(next), true)));
}

export const end = () => clearTimeout(looking);

export async function load() {
  clearTimeout(looking);
  const found = await page(null);
  if (!at("imports")) return; // left meanwhile
  show(found, false);
  if (found.edges.some(({ node }) => isOpen(node))) looking = setTimeout(() => act(load), EVERY);
}

const isOpen = ({ state }) => state === "WAITING" || state === "RUNNING";

async function page(after) {
  const query = `query($after: String) { viewer { imports(first: 10, after: $after) { pageInfo { hasNextPage endCursor } edges { node { ${fields} } } } } }`;
  return (await ask(query, { after })).viewer.imports;
}

function show({ edges, pageInfo }, more) {
  if (more || !next) next = pageInfo.endCursor;
  if (more || !drawn.size) at("imports-more").hidden = !pageInfo.hasNextPage;
  const lines = edges.map(({ node }) => lineOf(node));
  const older = more ? [] : [...drawn.values()].map(({ line }) => line).filter((line) => !lines.includes(line));
  if (more) at("imports").append(...lines);
  else if (lines.some((line) => !line.isConnected) || !lines.length) fill("imports", [...lines, ...older], gettext("Nothing was handed in yet."));
}

/** The line as it stands where nothing changed: so what is open stays open, and what has the keyboard keeps it. */
function lineOf(node) {
  const facts = JSON.stringify(node);
  const before = drawn.get(node.id);
  if (before?.facts === facts) return before.line;
  const line = draw(node);
  drawn.set(node.id, { facts, line });
  if (before) {
    const focused = before.line.contains(document.activeElement);
    before.line.replaceWith(line);
    if (focused) line.focus();
  }
  return line;
}

function draw(node) {
  const title = worded(gettext("%(name)s, %(day)s"), { name: names[node.format] ?? gettext("A file"), day: asDay(node.askedAt) });
  const parts = [make("span", { className: "title" }, title), make("p", {}, said(node))];
  if (isOpen(node)) parts.push(make("meter", { value: node.progress, attributes: { "aria-label": title } }));
  else if (node.state !== "UNDONE") {
    if (node.duplicates + node.corrected + node.skipped + node.refused) parts.push(verdicts(node.id, title));
    parts.push(undoing(node, title));
  }
  return make("li", { id: `import-${node.id}`, className: "import", tabIndex: -1 }, parts);
}

function said(node) {
  const rows = worded(ngettext("%(count)s row", "%(count)s rows", node.rowsRead), { count: asNumber(node.rowsRead) });
  if (node.state === "WAITING") return gettext("Waits to be read; in a private session, until it is over.");
  if (node.state === "RUNNING") return worded(gettext("Being read: %(share)s, %(rows)s so far."), { share: asPercent(node.progress), rows });
  if (node.state === "UNDONE") return gettext("Undone: what it brought is gone.");
  const counts = [
    [node.stored, gettext("%(count)s stored")], [node.duplicates, gettext("%(count)s known already")],
    [node.corrected, gettext("%(count)s corrected")], [node.skipped, gettext("%(count)s left out")], [node.refused, gettext("%(count)s not understood")],
    [node.playlistsMade, gettext("playlists: %(count)s")], [node.wordsSaid, gettext("likes and dislikes: %(count)s")],
  ].filter(([count]) => count).map(([count, words]) => worded(words, { count: asNumber(count) }));
  const nothing = gettext("nothing new"), failed = gettext("It could not be read to its end:");
  const what = `${rows}: ${counts.join(", ") || nothing}.`;
  return node.state === "FAILED" ? `${failed} ${node.message} ${what}` : what;
}

function undoing(node, title) {
  const ask_first = make("p", { className: "notice row", hidden: true }, make("span", {}, gettext("Remove everything that this import brought?")),
    make("span", { className: "buttons" }, button(gettext("Keep it"), () => asking(false)),
      button(gettext("Remove it"), () => act(async () => {
        await ask(`mutation($id: ID!) { undoImport(id: $id) { ... on Import { id } ${refused} } }`, { id: node.id });
        await load();
        tell(gettext("What this import brought is gone."));
      }), { className: "danger", about: title })));
  const begin_ = button(gettext("Undo this import"), () => asking(true), { about: title });
  const asking = (open) => {
    ask_first.hidden = !open;
    begin_.hidden = open;
    (open ? ask_first.querySelector("button") : begin_).focus();
  };
  return make("div", {}, make("p", { className: "buttons" }, begin_), ask_first);
}
