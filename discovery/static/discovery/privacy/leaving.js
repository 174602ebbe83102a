// Taking everything along, and erasing everything.
import { ask, refused } from "../api.js";
import { ask as device } from "../device/client.js";
import { act, at, fill, make, onSubmit, row } from "../page.js";
import { onLeave } from "../visit.js";
import { asMoment, asNumber, gettext, worded } from "../words.js";

const parts = "id state size url requestedAt";
export const ofViewer = `dataExports { ${parts} }`;
const WAIT = 1000; // milliseconds between two looks at what is being written or erased

let shown, timer, whose;

export function begin() {
  shown = "";
  onLeave(() => clearTimeout(timer));
  onSubmit("export-form", async () => {
    await ask(`mutation($password: String) { requestDataExport(password: $password) { ... on DataExport { id } ${refused} } }`,
      { password: told("export-password") });
    await look();
  });
  onSubmit("erase", erase);
}

export function show({ viewer: { dataExports, whose: id = whose } }) {
  whose = id;
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

async function look() {
  const data = await ask(`{ viewer { dataExports { ${parts} } } }`);
  if (at("exports")) show(data);
}

function state({ state: now, size, url }) {
  if (now === "REQUESTED") return make("span", { className: "quiet busy" }, gettext("is being written …"));
  if (!url) return make("span", { className: "quiet" }, gettext("expired"));
  const text = worded(gettext("Download (%(size)s KB)"), { size: asNumber(Math.ceil(size / 1024)) });
  return make("a", { href: url, className: "button", download: "" }, text);
}

/** The page behind the address tells how far it is; there is no account to come back to. */
async function erase() {
  const { requestErasure } = await ask(
    `mutation($confirm: String!, $password: String) {
      requestErasure(confirm: $confirm, password: $password) { ... on Erasure { url } ${refused} } }`,
    { confirm: at("erase-confirm").value.trim(), password: told("erase-password") });
  await device("forgotten", whose).catch(() => undefined); // a browser that keeps nothing has nothing to forget
  location.assign(requestErasure.url);
}
