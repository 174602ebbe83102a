// The weekly mix: the fifty that a player gets as a playlist, too; to play through, or to keep.
import { ask } from "../api.js";
import { card } from "../cards/card.js";
import { saveAs } from "../cards/playlist.js";
import * as said from "../cards/said.js";
import { madeFrom } from "../home/made-from.js";
import { discover, nodes } from "../music.js";
import { act, at, fill, nothing } from "../page.js";
import { play, soundOf } from "../player.js";
import { asDay, gettext, worded } from "../words.js";

const LENGTH = 50;
const PAGE = 25; // as many as one question may cost

export async function start() {
  const answer = await discover({ first: PAGE });
  const list = nodes(answer);
  for (let { pageInfo } = answer; pageInfo.hasNextPage && list.length < LENGTH;) {
    const more = await discover({ first: PAGE, after: pageInfo.endCursor });
    list.push(...nodes(more));
    ({ pageInfo } = more);
  }
  said.know((await ask(`{ viewer { ${said.ofViewer} } }`)).viewer);
  at("made-from").textContent = madeFrom(answer);
  const songs = list.map(({ item }) => item).filter(({ artist }) => artist);
  const [first] = songs.filter(soundOf);
  at("mix-play").hidden = !first;
  at("mix-play").addEventListener("click", () => play(first, songs, at("mix-title").textContent));
  at("mix-save").hidden = !songs.length;
  at("mix-save").addEventListener("click", () => act(() => saveAs(worded(gettext("Mix of %(day)s"), { day: asDay(new Date()) }), songs)));
  fill("mix", list.map((node) => card(node)), nothing(gettext("Nothing to mix yet."), gettext("Bring a history"), "/imports/"));
}
