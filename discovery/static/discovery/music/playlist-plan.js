// What a playlist was made of, where it was made of words: the plan, why each song would be chosen now, and how often it is made anew.
import { ask, refused } from "../api.js";
import { openSheet } from "../cards/sheet.js";
import { nameOf, ofTrack } from "../music.js";
import { act, at, make, tell } from "../page.js";
import { asMoment, asPercent, gettext, worded } from "../words.js";

let key;

/** For the owner alone; hidden where the playlist has no plan. */
export async function show(playlist) {
  key = playlist.id;
  at("playlist-plan").hidden = true;
  if (playlist.role !== "OWNER") return;
  let kept;
  try {
    const { viewer } = await ask(`query($id: ID!) { viewer { playlistPlan(playlistId: $id) { refresh refreshedAt plan { grammar } } } }`, { id: key });
    kept = viewer.playlistPlan;
  } catch {
    return; // it was made by hand
  }
  if (key !== playlist.id) return;
  at("playlist-plan").hidden = false;
  at("plan-grammar").textContent = kept.plan.grammar;
  at("plan-refreshed").textContent = kept.refreshedAt ? worded(gettext("Made anew: %(moment)s"), { moment: asMoment(kept.refreshedAt) }) : "";
  at("plan-refresh").value = kept.refresh;
  at("plan-refresh").onchange = () => act(() => refresh(at("plan-refresh").value, kept.refresh));
  at("plan-why").onclick = () => act(why);
}

async function refresh(pace, before) {
  const send = (value) => ask(`mutation($id: ID!, $refresh: PlanRefresh!) { setPlaylistRefresh(playlistId: $id, refresh: $refresh) { ... on KeptPlan { refresh } ${refused} } }`, { id: key, refresh: value });
  await send(pace);
  const words = { NEVER: gettext("It stays as it is."), DAILY: gettext("It is made anew every day."), WEEKLY: gettext("It is made anew every week.") };
  tell(words[pace], { undo: async () => { await send(before); at("plan-refresh").value = before; } });
}

async function why() {
  const { viewer } = await ask(`query($id: ID!) { viewer { playlistPlan(playlistId: $id) { tracks(first: 50) { track { ${ofTrack} } reasons { text share } words { word share } } } } }`, { id: key });
  const lines = viewer.playlistPlan.tracks.map(({ track, reasons, words }) => make("li", {}, make("strong", {}, nameOf(track)),
    make("p", { className: "quiet" }, [...words.filter(({ share }) => share >= 0.02).map(({ word, share }) => `${word} ${asPercent(share)}`), ...reasons.slice(0, 2).map(({ text }) => text)].join(" · "))));
  openSheet(gettext("Why these songs, as things are now"), [lines.length ? make("ol", {}, lines) : make("p", {}, gettext("Nothing can be said of it at your level, or without a model."))]);
}
