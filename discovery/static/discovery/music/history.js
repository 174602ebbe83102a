// What one played, day by day: corrected, or deleted by play, by day or by artist.
import { ask } from "../api.js";
import { closeSheet, openSheet } from "../cards/sheet.js";
import { nameOf, nodes, ofTrack } from "../music.js";
import { elsewhere } from "../cards/elsewhere.js";
import { settle, tell } from "../messages.js";
import { act, at, button, make, nothing } from "../page.js";
import { onLeave } from "../visit.js";
import { asDay, asTime, gettext, worded } from "../words.js";
import * as correcting from "./correcting.js";
import { deleteLater } from "./deleting.js";
import { songRow } from "./rows.js";

const PAGE = 50;
let behind;

export function start() {
  correcting.begin();
  at("history-earlier").addEventListener("click", () => act(() => page(behind)));
  onLeave(() => { tell(""); return settle(); }); // what is sent is no more to be undone
  addEventListener("pagehide", settle);
  onLeave(() => removeEventListener("pagehide", settle));
  return page();
}

async function page(after = null) {
  const { viewer } = await ask(`query($after: String) { viewer { listens(first: ${PAGE}, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { id listenedAt msPlayed track { ${ofTrack} } } } } } }`, { after });
  const { pageInfo } = viewer.listens;
  behind = pageInfo.endCursor;
  at("history-earlier").hidden = !pageInfo.hasNextPage;
  for (const play of nodes(viewer.listens)) put(play);
  if (!at("days").children.length) {
    at("days").replaceChildren(nothing(gettext("Nothing you played is kept here yet."), gettext("Bring a history"), "/imports/"),
      nothing(gettext("Or let a player report what it plays."), gettext("Connect a player"), "/me/#players-title"));
  }
}

/** Its line among the others, the latest first: a play that was corrected may stand elsewhere than the server has it. */
function put(play) {
  if (at(lineOf(play))) return;
  const list = dayOf(play);
  const moment = new Date(play.listenedAt);
  list.insertBefore(line(play), [...list.children].find((one) => new Date(one.querySelector("time").dateTime) < moment) ?? null);
}

/** What was corrected stands where it belongs now, and its "…" has the keyboard. */
function redraw(play) {
  const former = at(lineOf(play));
  const day = former.closest(".day");
  former.remove();
  put(play);
  if (!day.querySelector("li")) day.remove();
  at(lineOf(play)).querySelector(".open-more").focus({ preventScroll: true });
}

const lineOf = ({ id }) => `play-${id}`;

/** The list of the day on which it was played, by the reader's clock. */
function dayOf({ listenedAt }) {
  const date = new Date(listenedAt);
  const begin = new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const id = `day-${begin.getTime()}`;
  if (at(id)) return at(id);
  const name = asDay(begin);
  const list = make("ul", { id, className: "card rows", attributes: { "aria-label": name } });
  const day = make("section", { className: "day", attributes: { "data-begin": begin.getTime() } }, make("div", { className: "row" }, make("h2", {}, name),
    button(gettext("Delete this day"), () => act(() => deleteDay(begin, day, name)), { about: name, className: "plain" })), list);
  at("days").insertBefore(day, [...at("days").children].find((one) => one.dataset.begin < begin.getTime()) ?? null);
  return list;
}

function deleteDay(begin, day, name) {
  const until = new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + 1);
  deleteLater({ from: begin.toISOString(), until: until.toISOString() }, [day], name);
}

function line(play) {
  const name = nameOf(play.track);
  const row = songRow(play.track, {
    words: [make("time", { className: "quiet", dateTime: play.listenedAt }, asTime(play.listenedAt))],
    acts: [button("…", () => more(play, row), { label: worded(gettext("More for %(name)s"), { name }), className: "plain open-more" })],
  });
  row.id = lineOf(play);
  row.dataset.artist = play.track.artist.id;
  return row;
}

function more(play, row) {
  const { artist } = play.track;
  const name = nameOf(play.track);
  const closing = (action) => () => { closeSheet(); act(action); };
  openSheet(name, [
    ...elsewhere(play.track),
    button(gettext("Correct it"), closing(() => correcting.open(play, redraw)), { className: "correct" }),
    button(gettext("Delete this play"), closing(() => deleteLater({ ids: [play.id] }, [row], name)), { className: "danger delete-one" }),
    button(worded(gettext("Delete all plays of %(name)s"), { name: artist.name }), closing(() => deleteLater({ artistId: artist.id },
      document.querySelectorAll(`#days [data-artist="${artist.id}"]`), artist.name)), { className: "danger delete-artist" }),
  ]);
}
