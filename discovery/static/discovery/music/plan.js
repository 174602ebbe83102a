// A playlist of words: what they are understood as, every part of it to take out or to change, and what it would choose.
import { ask, refused } from "../api.js";
import { card } from "../cards/card.js";
import * as said from "../cards/said.js";
import { ofTrack } from "../music.js";
import { act, at, fill, make, onSubmit, redrawn, tell } from "../page.js";
import { asPercent, gettext, ngettext, worded } from "../words.js";
import { chips } from "./plan-chips.js";

const named = "text amount means";
const reasons = `reasons { kind text share action { kind label purpose target level } evidence { ... on Track { title } ... on Artist { name } } }`;
const fields = `words { ${named} } artists { ${named} } tags { ${named} } friends without mood { valence energy } era { first last }
  lengthSeconds count unheard energy { start end } variety refresh title notUnderstood { text why }
  preview(first: 20) { count lengthSeconds shortfalls { code message } tracks { track { ${ofTrack} } ${reasons} words { word share } } }`;
let plan = null;
let latest = 0; // the last question: an answer to an earlier one comes too late

export function start() {
  onSubmit("plan-words", async () => show(() => ask(`query($text: String!) { viewer { plan(text: $text) { ${fields} } ${said.ofViewer} } }`, { text: at("plan-text").value })));
  at("plan-make").addEventListener("click", () => act(making));
}

/** What is told of a plan, as the API takes it back. */
const told = ({ notUnderstood, preview, ...rest }) => rest;

async function show(asked) {
  const question = ++latest;
  at("plan").setAttribute("aria-busy", "true");
  try {
    const { viewer } = await asked();
    if (question !== latest) return;
    said.know(viewer);
    plan = viewer.plan ?? viewer.planTold;
    at("plan").hidden = false;
    redrawn(draw);
  } finally {
    if (question === latest) at("plan").removeAttribute("aria-busy");
  }
}

/** With some parts other than they are; what it is called follows from what is left. */
const change = (parts) => act(() => show(() =>
  ask(`query($plan: PlaylistPlanInput!) { viewer { planTold(plan: $plan) { ${fields} } ${said.ofViewer} } }`, { plan: { ...told(plan), title: "", ...parts } })));

function draw() {
  const { preview, notUnderstood } = plan;
  at("plan-parts").replaceChildren(...chips(plan, sharesOf(preview.tracks), change));
  at("plan-unclear").hidden = !notUnderstood.length;
  at("plan-unclear").textContent = notUnderstood.length
    ? worded(gettext("Not understood, and so left out: %(words)s"), { words: notUnderstood.map(({ text }) => `“${text}”`).join(", ") }) : "";
  fill("plan-shortfalls", preview.shortfalls.map(({ message }) => make("li", {}, message)));
  at("plan-shortfalls").hidden = !preview.shortfalls.length;
  const minutes = Math.round(preview.lengthSeconds / 60);
  at("plan-size").textContent = [worded(ngettext("%(count)s song", "%(count)s songs", preview.count), { count: preview.count }),
    worded(ngettext("%(count)s minute", "%(count)s minutes", minutes), { count: minutes })].join(" · ");
  fill("plan-tracks", preview.tracks.map(line), gettext("Nothing fits all of it: take a part out."));
  at("plan-make").disabled = !preview.tracks.length;
}

function line({ track, words, ...node }) {
  const most = words.filter(({ share }) => share >= 0.02).map(({ word, share }) => `${word} ${asPercent(share)}`);
  return card({ item: track, ...node }, most.length ? make("p", { className: "quiet" }, most.join(" · ")) : null);
}

/** Of each word, what it has to do with the tracks that are shown, on average. */
function sharesOf(tracks) {
  const shares = new Map();
  for (const { words } of tracks) for (const { word, share } of words) shares.set(word, (shares.get(word) ?? 0) + share / tracks.length);
  return shares;
}

async function making() {
  const { makePlaylist: made } = await ask(`mutation($plan: PlaylistPlanInput!) { makePlaylist(plan: $plan) { ... on Playlist { id title } ${refused} } }`, { plan: told(plan) });
  at("plan").hidden = true;
  at("plan-text").value = "";
  dispatchEvent(new CustomEvent("playlistmade"));
  tell(worded(gettext("“%(title)s” is among your playlists."), made), {
    undo: async () => {
      await ask(`mutation($id: ID!) { deletePlaylist(playlistId: $id) { ... on DeletedPlaylist { playlistId } ${refused} } }`, { id: made.id });
      dispatchEvent(new CustomEvent("playlistmade"));
    } });
}
