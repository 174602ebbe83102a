// What a play was after all: title, artist and moment, in a dialog.
import { ask, refused } from "../api.js";
import { nameOf, ofTrack } from "../music.js";
import { at, onSubmit, tell } from "../page.js";
import { gettext, worded } from "../words.js";

let play, done;

export function begin() {
  onSubmit("correct-form", async () => {
    const [before, redraw] = [play, done];
    const fresh = await correct(before, at("correct-track").value, at("correct-artist").value, new Date(at("correct-time").value).toISOString());
    at("correct").close();
    redraw(fresh);
    tell(worded(gettext("Corrected: %(name)s."), { name: nameOf(fresh.track) }), {
      undo: async () => redraw(await correct(before, before.track.title, before.track.artist.name, before.listenedAt)),
    });
  });
  at("correct-cancel").addEventListener("click", () => at("correct").close());
}

export function open(chosen, redraw) {
  [play, done] = [chosen, redraw];
  at("correct-track").value = play.track.title;
  at("correct-artist").value = play.track.artist.name;
  const moment = new Date(play.listenedAt);
  at("correct-time").value = new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  at("correct").showModal();
}

async function correct({ id, msPlayed }, title, artist, listenedAt) {
  const { correctListen } = await ask(`mutation($id: ID!, $input: ListenInput!) { correctListen(id: $id, input: $input) {
    ... on Listen { id listenedAt msPlayed track { ${ofTrack} } } ${refused} } }`,
    { id, input: { track: { title, artist }, listenedAt, msPlayed } });
  return correctListen;
}
