// Home: what is new, what to listen to and why, and what comes from friends.
import { ask } from "../api.js";
import { card, spread } from "../cards/card.js";
import * as said from "../cards/said.js";
import { discover, item, kindNow, nodes, recommended } from "../music.js";
import { act, at, fill, nothing } from "../page.js";
import { gifts } from "../together/gifts.js";
import { gettext } from "../words.js";
import { giftsLeft, greeting, ofViewer as greets } from "./greeting.js";
import { madeFrom } from "./made-from.js";

const FIRST = 20; // more than are shown at first, so that no artist need fill the page
const PAGE = 12;
const VARIETY = 0.3;
let waiting, behind;

export async function start() {
  at("more-cards").addEventListener("click", () => act(more));
  const answer = await discover({ first: FIRST, variety: VARIETY }); // it finds out what kind of music there is
  const { viewer } = await ask(`{ viewer { ${greets} ${said.ofViewer} privacy { purposes { state } } fromFriends(kind: ${kindNow()}, first: 6) { ${recommended} }
    recommendationsReceived(first: 10) { edges { node { id note sender { handle displayName } ${item} } } } } }`);
  said.know(viewer);
  at("made-from").textContent = madeFrom(answer);
  const isNew = viewer.privacy.purposes.every(({ state }) => state === "UNDEFINED");
  at("first-steps").hidden = !(isNew || answer.degraded === "NO_EVIDENCE");
  waiting = spread(nodes(answer));
  behind = answer.pageInfo;
  fill("recommendations", [], nothing(gettext("Nothing yet."), ...way(answer)));
  if (waiting.length) fill("recommendations", next());
  fill("from-friends", nodes(viewer.fromFriends).map((node) => card(node)), nothing(gettext("Nothing from friends now."), gettext("Find people"), "/together/"));
  greeting(viewer, Boolean(answer.used.length) && !answer.degraded);
  const received = nodes(viewer.recommendationsReceived);
  at("received-part").hidden = !received.length;
  fill("received", gifts(received, giftsLeft));
}

/** What fills an empty list: words and address of a link. */
function way({ degraded }) {
  if (degraded === "NOTHING_NEW") return [gettext("Connect a music server"), "/me/"];
  return [gettext("Bring a history"), "/imports/"];
}

/** The next cards of those that wait. */
function next() {
  const cards = waiting.splice(0, PAGE).map((node) => card(node));
  at("more-cards").hidden = !waiting.length && !behind.hasNextPage;
  return cards;
}

async function more() {
  if (waiting.length < PAGE && behind.hasNextPage) {
    const answer = await discover({ first: FIRST, after: behind.endCursor, variety: VARIETY });
    waiting.push(...nodes(answer));
    behind = answer.pageInfo;
  }
  const cards = next();
  at("recommendations").append(...cards);
  cards[0]?.focus({ preventScroll: true });
}
