// What the viewer is signed in with; each can be ended.
import { ask, refused } from "../api.js";
import { act, at, button, fill, make, row, tell } from "../page.js";
import { asDay, gettext, worded } from "../words.js";

export const ofViewer = "devices { id name kind lastSeen expires current isPlayer dropsPlays }";
const kinds = { BROWSER: gettext("browser"), TOKEN: gettext("token"), APP: gettext("app") };
let load;

export function begin(reload) {
  load = reload;
}

export function show({ viewer: { devices } }) {
  fill("devices", devices.map((device) => {
    const kind = device.isPlayer ? gettext("player") : kinds[device.kind];
    const name = `${device.name} (${kind})`;
    const seen = worded(gettext("Last used on %(day)s."), { day: asDay(device.lastSeen) });
    const until = device.expires ? worded(gettext("Until %(day)s."), { day: asDay(device.expires) }) : null;
    const dropped = device.dropsPlays ? gettext("You do not allow recording: what it reports is not kept.") : null;
    const words = make("span", {}, make("span", { className: "title" }, name),
      make("p", { className: "quiet" }, [device.current ? gettext("This is where you are now.") : seen, until, dropped].filter(Boolean).join(" ")));
    return row(words, button(gettext("End"), () => act(() => end(device)), { about: name }));
  }), gettext("Nothing but this page."));
}

async function end({ id, name, current }) {
  await ask(`mutation($id: ID!) { revokeDevice(id: $id) { ... on Device { id } ${refused} } }`, { id });
  if (current) return location.reload(); // signed out: the page asks to sign in
  await load();
  at("devices-title").scrollIntoView({ block: "nearest" });
  return tell(worded(gettext("%(name)s is signed out."), { name }));
}
