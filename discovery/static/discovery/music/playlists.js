// The playlists of one's own, and those that friends share.
import { ask } from "../api.js";
import { createPlaylist } from "../cards/playlist.js";
import { nodes } from "../music.js";
import { act, at, fill, make, onSubmit, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";
import * as plan from "./plan.js";

let behind;

export function start() {
  onSubmit("make-playlist", async () => {
    const title = at("playlist-title").value;
    await createPlaylist(title);
    at("playlist-title").value = "";
    fill("playlists", await page());
    tell(worded(gettext("“%(title)s” is among your playlists."), { title }));
  });
  at("playlists-more").addEventListener("click", () => act(async () => at("playlists").append(...await page(behind))));
  plan.start();
  const anew = () => act(async () => fill("playlists", await page()));
  addEventListener("playlistmade", anew);
  onLeave(() => removeEventListener("playlistmade", anew));
  return page().then((lines) => fill("playlists", lines, gettext("No playlist yet: name one above, or save a blend or a radio.")));
}

async function page(after = null) {
  const { viewer } = await ask(`query($after: String) { viewer { profile { id } playlists(first: 30, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { id title description cover coverText size role owner { id displayName } } } } } }`, { after });
  const { pageInfo } = viewer.playlists;
  behind = pageInfo.endCursor;
  at("playlists-more").hidden = !pageInfo.hasNextPage;
  return nodes(viewer.playlists).map((one) => line(one, viewer.profile.id));
}

function line({ id, title, cover, coverText, size, role, owner }, mine) {
  const songs = worded(ngettext("%(count)s song", "%(count)s songs", size), { count: size });
  const whose = owner.id === mine ? songs : worded(gettext("%(songs)s; by %(name)s"), { songs, name: owner.displayName });
  const together = gettext("you edit it together");
  const edits = role === "EDITOR" ? `${whose}; ${together}` : whose;
  return make("li", { className: "with-cover" }, make("img", { className: "cover", src: cover, alt: coverText, width: 48, height: 48, loading: "lazy" }),
    make("div", {}, make("a", { className: "title", href: `/music/playlists/${encodeURIComponent(id)}/` }, title), make("p", { className: "quiet" }, edits)));
}
