// A card: cover, title, artist, one short reason with its share, a like; everything else is behind "…".
import { nameOf, titleOf, tune } from "../music.js";
import { act, button, make, tell } from "../page.js";
import { asPercent, gettext, ngettext, worded } from "../words.js";
import { cover } from "./cover.js";
import { isOf, listenButton } from "./listen.js";
import { like, say } from "./said.js";

/** `node`: an item with its reasons, as `recommended` asks for them; `extra` stands below the reason. */
export function card(node, ...extra) {
  const thing = node.item;
  if (node.reasons?.[0]) thing.reason = because(node.reasons[0]);
  const line = make("li", { className: "card tune-card", tabIndex: -1 }, cover(thing),
    make("div", { className: "words" }, tune(thing), short(node.reasons?.[0]), extra),
    make("div", { className: "buttons" }, listenButton(thing, () => line), like(thing),
      button("…", () => act(async () => (await import("./menu.js")).openMenu(node, { away: (...how) => putAway(line, thing, ...how) })), { label: worded(gettext("More for %(name)s"), { name: nameOf(thing) }), className: "plain open-more" })));
  line.dataset.item = thing.id;
  isOf(line, thing);
  line.setAttribute("aria-label", nameOf(thing));
  return line;
}

/** What it comes from, and how much of it that is; the whole sum stands behind "…". */
function short(reason) {
  if (!reason) return null;
  return make("div", { className: "short" }, make("p", { className: "quiet" }, `${because(reason)} · ${asPercent(reason.share)}`),
    make("meter", { value: reason.share, attributes: { "aria-hidden": "true" } }));
}

function because({ kind, text, evidence = [] }) {
  const [first, ...more] = evidence.map(titleOf).filter(Boolean);
  if (!more.length || !["OWN_PLAY", "ONBOARDING"].includes(kind)) return text;
  return worded(ngettext("Because of %(name)s and %(count)s more", "Because of %(name)s and %(count)s more", more.length), { name: first, count: more.length });
}

/** The card stays where it is and says what became of it, so that nothing jumps. */
async function putAway(line, thing, kind, { id, name }) {
  const within = line.contains(document.activeElement) || document.activeElement === document.body;
  const before = [...line.childNodes];
  const undo = await say(id, kind);
  const back = async () => {
    await undo();
    line.classList.remove("away");
    line.replaceChildren(...before);
    line.focus({ preventScroll: true });
  };
  const words = worded(kind === "HIDE" ? gettext("%(name)s does not come again.") : gettext("You will hear less like %(name)s."), { name });
  line.classList.add("away");
  line.replaceChildren(make("p", { className: "quiet" }, words), button(gettext("Undo"), () => act(back), { about: name }));
  if (within) line.focus({ preventScroll: true });
  tell(words, { undo: back });
}

/** At most two by one artist among the first ten; what waits comes after them, and the order is kept otherwise. */
export function spread(list, { among = 10, most = 2 } = {}) {
  const count = new Map();
  const [first, later] = [[], []];
  for (const node of list) {
    const by = node.item.artist?.id ?? node.item.id;
    const seen = count.get(by) ?? 0;
    if (first.length < among && seen < most) {
      count.set(by, seen + 1);
      first.push(node);
    } else later.push(node);
  }
  return [...first, ...later];
}
