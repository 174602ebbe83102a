// What kinds of listener one is taken for: why, what it changes, and the switch that refuses it.
import { ask, refused } from "../api.js";
import { act, fill, make, tell } from "../page.js";
import { gettext, worded } from "../words.js";

const parts = "key name reason effect refused";
export const ofViewer = `segments { ${parts} }`;

export function begin() {}

export function show({ viewer }) {
  draw(viewer.segments);
}

function draw(segments) {
  fill("segments", segments.map(line), gettext("You are taken for nothing in particular, so nothing is changed."));
}

function line({ key, name, reason, effect, refused: off }) {
  const box = make("input", { type: "checkbox", id: `segment-${key}`, checked: !off, attributes: { role: "switch", "aria-describedby": `segment-${key}-why` } });
  box.addEventListener("change", () => act(() => refuse(key, name, !box.checked)));
  return make("li", { className: "row" }, make("span", {}, make("label", { htmlFor: box.id, className: "title" }, name),
    make("p", { id: `segment-${key}-why`, className: "quiet" }, reason, " ", effect)), box);
}

async function refuse(key, name, off) {
  const { refuseSegment } = await ask(`mutation($key: SegmentKind!, $off: Boolean!) {
    refuseSegment(key: $key, refused: $off) { ... on RefusedSegment { segments { ${parts} } } ${refused} } }`, { key, off });
  draw(refuseSegment.segments);
  document.getElementById(`segment-${key}`)?.focus({ preventScroll: true });
  tell(worded(off ? gettext("You are not taken for this any more: %(name)s.") : gettext("You may be taken for this again: %(name)s."), { name }),
    { undo: () => refuse(key, name, !off) });
}
