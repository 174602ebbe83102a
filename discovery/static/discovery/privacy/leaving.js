// Taking everything along, and erasing everything.
import { ask, refused } from "../api.js";
import { act, at, fill, make, onSubmit, row, tell } from "../page.js";
import { asMoment, asNumber, gettext, worded } from "../words.js";

const parts = "id state size url requestedAt";
export const ofViewer = `dataExports { ${parts} }`;
const WAIT = 1000; // milliseconds between two looks at what is being written or erased

let shown = "";
let timer;

export function begin() {
  onSubmit("export-form", async () => {
    await ask(`mutation($password: String) { requestDataExport(password: $password) { ... on DataExport { id } ${refused} } }`,
      { password: told("export-password") });
    await look();
  });
  onSubmit("erase", erase);
}

export function show({ viewer: { dataExports } }) {
  if (JSON.stringify(dataExports) !== shown) { // or a screen reader would hear it again
    fill("exports", dataExports.map((file) => row(worded(gettext("Asked for on %(moment)s"), { moment: asMoment(file.requestedAt) }), state(file))));
  }
  shown = JSON.stringify(dataExports);
  clearTimeout(timer);
  if (dataExports.some((file) => file.state === "REQUESTED")) timer = setTimeout(() => act(look), WAIT);
}

/** The password where one was typed; it does not stay in the page. */
function told(id) {
  const field = at(id);
  const password = field?.value || null;
  if (field) field.value = "";
  return password;
}

const look = async () => show(await ask(`{ viewer { dataExports { ${parts} } } }`));

function state({ state: now, size, url }) {
  if (now === "REQUESTED") return make("span", { className: "quiet busy" }, gettext("is being written …"));
  if (!url) return make("span", { className: "quiet" }, gettext("expired"));
  const text = worded(gettext("Download (%(size)s KB)"), { size: asNumber(Math.ceil(size / 1024)) });
  return make("a", { href: url, className: "button", download: "" }, text);
}

const steps = {
  REQUESTED: gettext("Asked for."),
  FROZEN: gettext("Everything is withdrawn, and nobody can sign in."),
  PURGED: gettext("All is deleted but your answers. A recommender that learned from you is about to be replaced or retired."),
  RETRAINED: gettext("No recommender that learned from you is left."),
  CLOSED: gettext("Done. What stays for a time: your answers under a random number, the receipt, and digests by which no import brings you back."),
};

async function erase() {
  const { requestErasure } = await ask(
    `mutation($confirm: String!, $password: String) {
      requestErasure(confirm: $confirm, password: $password) { ... on Erasure { url } ${refused} } }`,
    { confirm: at("erase-confirm").value.trim(), password: told("erase-password") });
  clearTimeout(timer);
  tell("");
  const heading = make("h1", { tabIndex: -1 }, gettext("Your account is being erased"));
  document.querySelector(".top nav").remove();
  document.querySelector(".top form").remove();
  at("main").replaceChildren(make("div", { className: "door" }, heading,
    make("p", { className: "lede" }, gettext("You are signed out. Keep the address below: it tells how far it is, and ends with a signed receipt.")),
    make("p", { id: "erasure-state", className: "notice", attributes: { "aria-live": "polite" } }),
    make("p", {}, make("a", { id: "erasure", href: requestErasure.url }, requestErasure.url))));
  heading.focus();
  await follow(requestErasure.url);
}

/** Until it is closed; a worker that is busy elsewhere may take its time. */
async function follow(url) {
  const { state: now } = await (await fetch(url)).json();
  if (at("erasure-state").textContent !== steps[now]) at("erasure-state").textContent = steps[now];
  if (now === "CLOSED") document.querySelector("h1").textContent = gettext("Your account is erased");
  else setTimeout(() => act(() => follow(url)), WAIT);
}
