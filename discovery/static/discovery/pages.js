// The script behind each page: `<main data-page="…">` names it, and each visit starts it.
import * as early from "./early.js";
import { act, at } from "./page.js";

const pages = {
  history: () => import("./music/history.js"),
  blend: () => import("./together/blend.js"),
  engagement: () => import("./engagement/main.js"),
  home: () => import("./home/main.js"),
  imports: () => import("./imports/main.js"),
  likes: () => import("./music/likes.js"),
  match: () => import("./together/match.js"),
  me: () => import("./me/main.js"),
  mix: () => import("./music/mix.js"),
  playlist: () => import("./music/playlist.js"),
  playlists: () => import("./music/playlists.js"),
  privacy: () => import("./privacy/main.js"),
  radio: () => import("./radio/main.js"),
  review: () => import("./music/review.js"),
  rooms: () => import("./together/rooms.js"),
  search: () => import("./search/main.js"),
  statistics: () => import("./music/statistics.js"),
  together: () => import("./together/main.js"),
  welcome: () => import("./welcome/main.js"),
};

/** Settles when the page shows what it has. */
export async function start() {
  at("main").querySelector(".parts [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const page = pages[at("main").dataset.page];
  if (!page) return;
  early.closed();
  await act(async () => {
    const { start: begin } = await page();
    const begun = begin(at("main"));
    early.opened();
    await begun;
  });
}
