// Connecting a player: a device of its own, and the values to paste, told once.
import { ask, refused } from "../api.js";
import { at, fill, make, onSubmit, tell } from "../page.js";
import { gettext, worded } from "../words.js";
import { handle } from "./profile.js";

export const ofViewer = "";
let load;

export function begin(reload) {
  load = reload;
  onSubmit("connect-player", connect);
}

export const show = () => {};

async function connect() {
  const name = at("player-name").value;
  const { createDevice: made } = await ask(`mutation($name: String!) {
    createDevice(name: $name, scopes: [PLAYS_WRITE, PLAYS_READ, PLAYLISTS], forPlayer: true) {
      ... on Device { id secret playerSecret } ${refused} } }`, { name });
  fill("player-values", values(made).map(([words, ...pairs]) => make("div", {},
    make("h4", {}, words),
    make("dl", { className: "pairs" }, pairs.flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, make("code", {}, value))])))));
  at("player-told").hidden = false;
  at("connect-player").reset();
  await load();
  at("player-told-title").focus();
  tell(worded(gettext("%(name)s can be connected now."), { name }));
}

function values({ secret, playerSecret }) {
  const [address, token] = [gettext("Address"), gettext("Token")];
  const user = [gettext("User name"), handle()];
  return [
    [gettext("ListenBrainz: Navidrome, Jellyfin, Pano Scrobbler, multi-scrobbler"), [address, `${location.origin}/`],
      [gettext("With its version"), `${location.origin}/1/`], [token, secret]],
    [gettext("ListenBrainz: Web Scrobbler"), [address, `${location.origin}/1/submit-listens`], [token, secret]],
    [gettext("Last.fm or GNU FM"), [address, `${location.origin}/2.0/`], user, [gettext("Password and API secret"), playerSecret]],
    [gettext("Audioscrobbler: mpdscribble, VLC"), [address, `${location.origin}/submissions/`], user, [gettext("Password"), playerSecret]],
    [gettext("Maloja"), [address, `${location.origin}/apis/mlj_1/newscrobble`], [gettext("Key"), secret]],
  ];
}
