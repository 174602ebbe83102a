// Items and recommendations, as both pages ask for them and show them.
import { ask } from "./api.js";
import { make } from "./page.js";

export const ofTrack = "id title durationMs cover artist { id name } play { kind url library }";
export const thing = `... on Track { ${ofTrack} } ... on Artist { id name cover }`;
export const item = `item { ${thing} }`;
export const recommended = `edges { node { ${item} reasons { kind text share action { kind label purpose target level }
  evidence { ... on Track { title } ... on Artist { name } } } } } level degraded used notUsed pageInfo { hasNextPage endCursor }`;

export const titleOf = (one) => one.title ?? one.name ?? one.displayName;
export const nameOf = (one) => (one.artist ? `${one.title} – ${one.artist.name}` : titleOf(one));
export const nodes = ({ edges }) => edges.map(({ node }) => node);

/** Title and, for a track, who it is by. */
export const tune = (one, ...more) =>
  make("div", { className: "tune" }, make("span", { className: "title" }, titleOf(one)),
    one.artist ? make("span", { className: "by" }, one.artist.name) : null, more);

let kind = "TRACK"; // an imported community may know artists only
export const kindNow = () => kind;

/** The viewer's recommendations, at most at `level`; `variety` (0 to 1) keeps one artist from filling the page. */
export async function discover({ first, level = null, after = null, variety = null }) {
  for (;;) {
    const { viewer } = await ask(
      `query($kind: ItemKind!, $first: Int!, $level: PersonalizationLevel, $after: String, $variety: Float) {
        viewer { discover(kind: $kind, first: $first, level: $level, after: $after, variety: $variety) { ${recommended} } } }`, { kind, first, level, after, variety });
    if (viewer.discover.degraded !== "NO_MODEL" || viewer.discover.edges.length || kind === "ARTIST") return viewer.discover;
    kind = "ARTIST";
  }
}
