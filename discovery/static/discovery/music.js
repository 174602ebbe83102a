// Items and recommendations, as both pages ask for them and show them.
import { ask } from "./api.js";
import { make } from "./page.js";

const heard = "cover play { url library }";
export const item = `item { ... on Track { id title durationMs artist { name } ${heard} } ... on Artist { id name cover } }`;
export const recommended = `edges { node { ${item} reasons { kind text share action { kind label purpose target level } } } } level degraded used notUsed pageInfo { hasNextPage endCursor }`;

export const titleOf = (thing) => thing.title ?? thing.name ?? thing.displayName;
export const nameOf = (thing) => (thing.artist ? `${thing.title} – ${thing.artist.name}` : titleOf(thing));

/** Title and, for a track, who it is by. */
export const tune = (thing, ...more) =>
  make("div", { className: "tune" }, make("span", { className: "title" }, titleOf(thing)),
    thing.artist ? make("span", { className: "by" }, thing.artist.name) : null, more);

/** The picture of a thing; its name stands beside it. */
export const picture = (thing) => (thing.cover ? make("img", { className: "cover", src: thing.cover, alt: "", width: 56, height: 56, loading: "lazy" }) : null);

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
