// What friends play and like, as it happens.
import { cover } from "../cards/cover.js";
import { item, nodes, tune } from "../music.js";
import { at, fill, make } from "../page.js";
import { subscribe } from "../socket.js";
import { asMoment, gettext, worded } from "../words.js";
import { named } from "./names.js";

const happened = `id kind at listener { handle displayName } ${item}`;
export const ofViewer = () => `activity(first: 8) { edges { node { ${happened} } } } playingNow { ${happened} }`;

const SHOWN = 8;
const did = { LIKED: gettext("%(name)s likes"), PLAYED: gettext("%(name)s played"), PLAYING: gettext("%(name)s plays right now") };

export function show(viewer) {
  const events = [...viewer.playingNow, ...nodes(viewer.activity)];
  const people = events.map(({ listener }) => listener);
  fill("activity", events.map((one) => event(one, people)), gettext("Quiet. Friends who let you know by name show up here."));
  subscribe(`subscription { friendActivity { ${happened} } }`, {}, ({ friendActivity }) => {
    at("activity").querySelector(".quiet:only-child")?.remove();
    people.push(friendActivity.listener);
    at("activity").prepend(event(friendActivity, people));
    while (at("activity").children.length > SHOWN) at("activity").lastElementChild.remove();
  });
}

const event = ({ kind, listener, at: when, item: thing }, people) => make("li", { className: "tune-row" }, cover(thing),
  make("div", { className: "words" }, make("span", { className: "quiet" }, worded(did[kind] ?? did.PLAYED, { name: named(listener, people) })), tune(thing)),
  make("time", { className: "quiet", dateTime: when }, asMoment(when)));
