// The switches: in general, and friend by friend. And the private session.
import { ask, refused } from "../api.js";
import { act, at, make, tell } from "../page.js";
import { named } from "../together/names.js";
import { asMoment, gettext, ngettext, worded } from "../words.js";
import { beginSwitches, onSwitch, setConsent, showSwitches } from "./switches.js";

export const ofViewer = `privacy { level signals { gpc } privateUntil
    purposes { purpose state validUntil overrides { friend { id } state } } }
  friends(first: 100) { edges { node { id handle displayName } } }`;

const perFriend = {
  SOCIAL_OUT: (name) => worded(gettext("My plays may shape what %(name)s sees"), { name }),
  NAMED: (name) => worded(gettext("%(name)s may see my name"), { name }),
  SOCIAL_IN: (name) => worded(gettext("What %(name)s plays may shape what I see"), { name }),
};
let load, privacy, switches;

export function begin(reload) {
  load = reload;
  switches = beginSwitches(consent);
  at("withdraw-all").addEventListener("click", () => act(withdrawAll));
  at("recorded-keep").addEventListener("click", () => recorded(false));
  at("recorded-delete").addEventListener("click", () => act(deleteRecorded, gettext("What was recorded is deleted.")));
  at("private").addEventListener("click", () => act(() => secretly(privacy.privateUntil === null)));
}

export function show({ viewer }) {
  privacy = viewer.privacy;
  const answers = new Map(privacy.purposes.map((answer) => [answer.purpose, answer]));
  showSwitches(switches, answers);
  at("signal").hidden = !privacy.signals.gpc;
  const friends = viewer.friends.edges.map(({ node }) => node);
  showFriends(friends, answers);
  showPrivate();
  at("summary").textContent = summary(friends.length);
}

function summary(friends) {
  const on = switches.filter((box) => box.checked).length;
  const level = document.querySelector(`#levels [data-level="${privacy.level}"]`).dataset.name;
  const single = privacy.purposes.some(({ overrides }) => overrides.some(({ state }) => state === "GRANTED"));
  if (!on && !single) return worded(gettext("Right now you allow nothing. Your level is “%(level)s”."), { level });
  const allowed = ngettext("Right now you allow %(on)s of %(all)s things. Your level is “%(level)s”.", "Right now you allow %(on)s of %(all)s things. Your level is “%(level)s”.", on);
  return worded(allowed, { on, all: switches.length, level });
}

function showFriends(friends, answers) {
  const cards = friends.map((friend) => make("fieldset", { className: "card" }, make("legend", {}, named(friend, friends)),
    Object.entries(perFriend).map(([purpose, words]) => {
      const general = answers.get(purpose);
      const own = general.overrides.find((one) => one.friend.id === friend.id);
      const box = make("input", { type: "checkbox", id: `${purpose}-${friend.id}`, checked: (own ?? general).state === "GRANTED", attributes: { role: "switch" } });
      const title = words(named(friend, friends));
      onSwitch(box, title, (granted) => consent(purpose, granted, friend.id));
      return make("div", { className: "choice" }, make("label", { htmlFor: box.id }, title), box,
        make("p", { className: "quiet" }, own ? gettext("Decided for this friend.") : gettext("As for all friends.")));
    })));
  at("per-friend").replaceChildren(...(cards.length ? cards : [make("p", { className: "card quiet" }, gettext("You have no friends here yet."))]));
}

async function consent(purpose, granted, friendId = null) {
  await setConsent(purpose, granted, friendId);
  if (purpose === "RECORD") at("recorded").hidden = granted;
  await load();
}

/** Whether to keep what is there is asked where recording was switched off. */
function recorded(open) {
  at("recorded").hidden = !open;
  if (!open) at("allow-RECORD").focus();
}

async function deleteRecorded() {
  await ask(`mutation { setConsent(purpose: RECORD, granted: false, deleteRecorded: true) {
    ... on ConsentChange { privacy { level } } ${refused} } }`);
  recorded(false);
  await load();
}

async function withdrawAll() {
  const recording = at("allow-RECORD").checked;
  const before = privacy.purposes;
  await ask(`mutation { withdrawAllConsent { ... on ConsentChange { privacy { level } } ${refused} } }`);
  if (recording) at("recorded").hidden = false;
  await load();
  tell(gettext("Everything is withdrawn. It counts from now on."), { undo: () => again(before) });
}

/** What was allowed before, in general and to single friends; the answers in between stay in the ledger. */
async function again(before) {
  for (const { purpose, state, overrides } of before) {
    if (state === "GRANTED") await setConsent(purpose, true);
    for (const { friend, state: own } of overrides) {
      if (["GRANTED", "DENIED"].includes(own)) await setConsent(purpose, own === "GRANTED", friend.id);
    }
  }
  at("recorded").hidden = true;
  await load();
}

function showPrivate() {
  const until = privacy.privateUntil;
  at("private").textContent = until ? gettext("End the private session") : gettext("Start a private session");
  at("private-words").textContent = until
    ? worded(gettext("A private session is on until %(moment)s. Nothing that you play is kept, and likes and skips are refused."), { moment: asMoment(until) })
    : gettext("For up to six hours, nothing that you play is kept, and likes and skips are refused.");
}

async function secretly(start) {
  const name = start ? "startPrivateSession" : "endPrivateSession";
  await ask(`mutation { ${name} { ... on PrivacySettings { level } ${refused} } }`);
  await load();
}
