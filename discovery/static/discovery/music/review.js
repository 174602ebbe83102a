// A year in review: what it added up to, what stayed, and the songs of it as a playlist.
import { saveAs } from "../cards/playlist.js";
import { nameOf, titleOf } from "../music.js";
import { act, at, button, make } from "../page.js";
import { asNumber, gettext, worded } from "../words.js";
import { counted, empty, most, overTime, sums } from "./figures.js";

const YEARS = 5;
const SONGS = 25;
let last = 0;

export function start() {
  const now = new Date().getFullYear();
  at("years").replaceChildren(...Array.from({ length: YEARS }, (_, back) => {
    const one = button(String(now - back), () => act(() => show(now - back)));
    one.dataset.year = now - back;
    return one;
  }));
  return show(now);
}

async function show(year) {
  const number = (last += 1);
  for (const one of at("years").children) one.setAttribute("aria-pressed", Number(one.dataset.year) === year);
  at("review-title").textContent = worded(gettext("Your %(year)s"), { year });
  const [from, until] = [new Date(year, 0, 1), new Date(year + 1, 0, 1)];
  const figures = await counted(from, until, SONGS);
  if (number !== last) return;
  if (!figures.plays) return at("figures").replaceChildren(empty());
  const months = overTime(figures, from, until, true);
  at("figures").replaceChildren(story(figures, months.rows), sums(figures), months.view,
    make("p", { className: "buttons after" }, button(gettext("Save the songs of this year as a playlist"), () => act(() => saveAs(
      worded(gettext("My %(year)s"), { year }), figures.topTracks.map(({ item }) => item))), { id: "save-year" })), most({ topTracks: figures.topTracks.slice(0, 10), topArtists: figures.topArtists.slice(0, 10) }));
  return undefined;
}

function story({ topTracks: [song], topArtists: [artist] }, months) {
  const busiest = months.reduce((one, other) => (other.count > one.count ? other : one));
  const lines = [
    artist && worded(gettext("Nobody was with you as much as %(name)s: %(count)s plays."), { name: titleOf(artist.item), count: asNumber(artist.plays) }),
    song && worded(gettext("The song of the year was %(name)s, %(count)s times."), { name: nameOf(song.item), count: asNumber(song.plays) }),
    worded(gettext("You listened most in %(month)s."), { month: busiest.name }),
  ];
  return make("div", { className: "radio card story" }, lines.filter(Boolean).map((words) => make("p", { className: "playing" }, words)));
}
