// The page of the device: what it holds, what it ranks, and a radio, with the network on or off.
import { ask } from "./client.js";
import { seen } from "./feedback.js";
import { refusals } from "./refusals.js";
import { wording } from "./wording.js";

const { gettext } = window;
const filled = (text, values) => window.interpolate(text, values, true);
const at = (id) => document.getElementById(id);
const sentence = wording(window);
const refused = refusals(window);
const language = document.documentElement.lang;
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const number = new Intl.NumberFormat(language);

const kind = () => at("kind").value;

function tell(words, code = "") {
  Object.assign(at("said"), { textContent: words, hidden: !words }).setAttribute("data-code", code);
  at("sign-in").hidden = code !== "SIGN_IN_REQUIRED";
}

/** Before everything is deleted, which is nowhere else. */
function asking(open) {
  at("forget-ask").hidden = !open;
  at(open ? "forget-keep" : "forget").focus();
}

/** Runs an action; a refusal is said in words, with its code beside it. */
async function act(action, done = "") {
  try {
    tell("");
    await action();
    if (done) tell(done);
  } catch (error) {
    tell(refused(error), error.code ?? "");
  }
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child != null));
  return element;
}

const button = (text, onclick, about) => {
  const made = make("button", { type: "button", onclick: () => act(onclick) }, text);
  made.setAttribute("aria-label", `${text}: ${about}`);
  return made;
};

function line(item) {
  const did = (does, more) => async () => { await ask(does, { kind: kind(), id: item.id, ...more }); await drawn(); };
  const radio = async () => { showRadio(await ask("begin", { kind: kind(), seed: item.id })); at("playing").scrollIntoView({ block: "center" }); };
  return make("li", { className: "row" }, make("span", {}, make("span", { className: "title" }, item.name), reasonsOf(item)),
    make("span", { className: "buttons" }, button(gettext("Radio"), radio, item.name), button(gettext("Played"), did("played", { skipped: false }), item.name),
      button(gettext("Like"), did("said", { word: "LIKE" }), item.name), button(gettext("Hide"), did("said", { word: "HIDE" }), item.name)));
}

const reasonsOf = ({ reasons }) => make("p", { className: "quiet" }, reasons.map(sentence).join(" · "));

const wordsSaid = { LIKE: gettext("liked"), DISLIKE: gettext("disliked"), HIDE: gettext("hidden"), SKIP: gettext("skipped") };

/** What was played or said here: it can count for nothing, or be deleted. */
function keptLine({ id, name, plays, skips, words, out }) {
  const does = (act_, more) => async () => { await ask(act_, { kind: kind(), id, ...more }); await drawn(); };
  const times = filled(gettext("played: %(plays)s, skipped: %(skips)s"), { plays: number.format(plays), skips: number.format(skips) });
  const told = [plays + skips ? times : null, ...words.map((word) => wordsSaid[word])].filter(Boolean).join(", ");
  return make("li", { className: "row" }, make("span", {}, make("span", { className: "title" }, name), make("p", { className: "quiet" }, told)),
    make("span", { className: "buttons" }, button(out ? gettext("Let it count") : gettext("Leave out"), does("leftOut", { out: !out }), name),
      told ? button(gettext("Delete"), does("forgot"), name) : null));
}

async function drawn() {
  const { items } = await ask("discover", { kind: kind(), count: 20 });
  at("found").replaceChildren(...items.map(line));
  if (items.length) await seen(items[0].id);
  at("history").replaceChildren(...(await ask("kept", { kind: kind() })).map(keptLine));
  const { plays, said } = await ask("history", kind());
  const times = plays.reduce((sum, [, heard]) => sum + heard, 0);
  at("kept").textContent = filled(gettext("Kept here: plays %(times)s, words %(words)s."), { times: number.format(times), words: number.format(said.length) });
}

function showAbout({ bytes, expires, kinds }) {
  const counts = Object.entries(kinds).filter(([, { held }]) => held);
  for (const option of at("kind").options) option.hidden = option.disabled = !counts.some(([name]) => name === option.value);
  if (at("kind").selectedOptions[0]?.disabled) at("kind").value = counts[0]?.[0] ?? "";
  at("about").textContent = filled(gettext("The pack holds %(items)s items in %(megabytes)s MB, and may be used until %(moment)s."),
    { items: number.format(counts.reduce((sum, [, { held }]) => sum + held, 0)), megabytes: number.format(Math.ceil(bytes / 1e5) / 10), moment: moment.format(new Date(expires)) });
}

const fetchPack = async () => { showAbout(await ask("sync")); await drawn(); };

function showRadio(item) {
  at("playing").replaceChildren(item ? make("span", {}, make("span", { className: "title" }, item.name), reasonsOf(item)) : gettext("Nothing more is known that you did not hear."));
  at("radio-heard").hidden = at("radio-skip").hidden = !item;
}

async function advance(skipped) {
  showRadio(await ask("advance", { skipped }));
  await drawn();
}

async function begin() {
  at("kind").addEventListener("change", () => act(drawn));
  at("fetch").addEventListener("click", () => act(fetchPack, gettext("The pack is here.")));
  at("forget").addEventListener("click", () => asking(true));
  at("forget-keep").addEventListener("click", () => asking(false));
  at("forget-sure").addEventListener("click", () => act(async () => { await ask("forgotten"); location.reload(); }));
  at("radio-go").addEventListener("click", () => act(async () => showRadio(await ask("begin", { kind: kind() }))));
  at("radio-heard").addEventListener("click", () => act(() => advance(false)));
  at("radio-skip").addEventListener("click", () => act(() => advance(true)));
  await act(async () => {
    try {
      showAbout(await ask("load"));
    } catch (error) {
      if (!["BUNDLE_MISSING", "BUNDLE_EXPIRED", "BUNDLE_DAMAGED"].includes(error.code) || !navigator.onLine) throw error;
      showAbout(await ask("sync"));
    }
    await drawn();
  });
  at("main").dataset.ready = "";
}

/** What the page is made of is kept, so that it opens without a network. Not where there is no https: then it ends with the page. */
async function keep() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register("/device/service.js", { scope: "/device/" });
  await navigator.serviceWorker.ready;
  const kept = await caches.open("earshot-device-1");
  await kept.addAll([location.pathname, ...[...document.scripts].map(({ src }) => src).filter(Boolean)]);
  at("main").dataset.kept = "";
}

if (navigator.onLine) keep().catch(() => undefined); // without it, the page works while it is open
begin();
