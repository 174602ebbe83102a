// Music servers of the viewer's own: connected, read, let go.
import { ask, refused } from "../api.js";
import { act, at, button, fill, make, onSubmit, row, tell } from "../page.js";
import { onLeave } from "../visit.js";
import { gettext, ngettext, worded } from "../words.js";

export const ofViewer = "libraries { id name url username state songs message }";
const states = { WAITING: gettext("It is read in a moment."), READING: gettext("It is being read …"), FAILED: gettext("It could not be read.") };
const LOOK_AGAIN = 2000; // milliseconds, while one is read
let load;
let waiting;

export function begin(reload) {
  load = reload;
  onSubmit("connect-library", connect);
  onLeave(() => clearTimeout(waiting));
}

export function show({ viewer: { libraries } }) {
  fill("libraries", libraries.map((one) => row(
    make("span", {}, make("span", { className: "title" }, `${one.name} (${one.username})`), make("p", { className: "quiet" }, words(one))),
    button(gettext("Read again"), () => act(() => again(one)), { about: one.name }),
    button(gettext("Disconnect"), () => act(() => disconnect(one)), { about: one.name }))),
  gettext("None yet. What yours holds can be heard here, and is recommended to you."));
  clearTimeout(waiting);
  if (libraries.some(({ state }) => state === "WAITING" || state === "READING")) waiting = setTimeout(() => act(load), LOOK_AGAIN);
}

function words({ state, songs, message }) {
  const held = worded(ngettext("%(count)s song.", "%(count)s songs.", songs), { count: songs });
  return [message ?? states[state], held].filter(Boolean).join(" ");
}

async function connect() {
  const [url, username, password] = ["url", "username", "password"].map((part) => at(`library-${part}`).value);
  const { connectLibrary: made } = await ask(`mutation($url: String!, $username: String!, $password: String!) {
    connectLibrary(url: $url, username: $username, password: $password) { ... on Library { id name } ${refused} } }`, { url, username, password });
  at("connect-library").reset();
  await load();
  tell(worded(gettext("%(name)s is connected."), { name: made.name }));
}

async function again({ id }) {
  await ask(`mutation($id: ID!) { refreshLibrary(id: $id) { ... on Library { id } ${refused} } }`, { id });
  await load();
}

async function disconnect({ id, name }) {
  await ask(`mutation($id: ID!) { disconnectLibrary(id: $id) { ... on DisconnectedLibrary { libraryId } ${refused} } }`, { id });
  await load();
  at("libraries-title").focus({ preventScroll: true });
  tell(worded(gettext("%(name)s is disconnected, and what it holds is forgotten."), { name }));
}
