// The privacy center: every choice, with what it changes.
import { act, ask, at, button, fill, item, make, named, refused, say } from "./api.js";
import { held, levels, purposes, states } from "./words.js";

const choices = `level signals { gpc } purposes { purpose label state validUntil overrides { friend { id } state } }
  exclusions { id ... on Artist { name } ... on Track { title artist { name } } ... on Playlist { title } }`;
let privacy;
let friends;

async function load() {
  const { viewer } = await ask(`{ viewer { privacy { ${choices} }
    friends(first: 50) { edges { node { id displayName handle } } }
    dataUsage { held { name why count } }
    dataExports { id state size url requestedAt }
    consentHistory(first: 20) { edges { node { id purpose newState occurredAt } } } } }`);
  privacy = viewer.privacy;
  friends = viewer.friends.edges.map(({ node }) => node);
  showSwitches();
  showFriends();
  fill("held", viewer.dataUsage.held.map(held), "Nothing.");
  fill("exclusions", privacy.exclusions.map((left) => line(left.name ?? left.title,
    (name) => button("Count again", () => act(() => exclude(left.id, false), `${name} counts again.`), name))), "Nothing is left out.");
  fill("history", viewer.consentHistory.edges.map(({ node }) => make("li", { className: "quiet" },
    `${new Date(node.occurredAt).toLocaleString()}: ${purposes[node.purpose].title} – ${states[node.newState]}`)), "You have not answered anything yet.");
  showExports(viewer.dataExports);
  at("signal").textContent = privacy.signals.gpc ? "Your browser sends Global Privacy Control: data leaves this installation for nobody." : "";
}

const line = (name, action) => make("li", { className: "row" }, name, action(name));

function showSwitches() {
  fill("purposes", privacy.purposes.map(({ purpose, state, validUntil }) => {
    const { title, words } = purposes[purpose];
    const until = state === "GRANTED" && validUntil ? ` Until ${new Date(validUntil).toLocaleDateString()}.` : "";
    return toggle(`allow-${purpose}`, title, words + until, state === "GRANTED", (on) => consent(purpose, on));
  }));
}

function showFriends() {
  fill("per-friend", friends.flatMap((friend) => ["SOCIAL_OUT", "NAMED"].map((purpose) => {
    const general = privacy.purposes.find((answer) => answer.purpose === purpose);
    const state = general.overrides.find((one) => one.friend.id === friend.id)?.state ?? general.state;
    const name = friend.displayName || friend.handle;
    return toggle(`${purpose}-${friend.id}`, `${name}: ${purposes[purpose].friend}`, "", state === "GRANTED", (on) => consent(purpose, on, friend.id));
  })), "You have no friends here yet.");
}

function toggle(id, title, words, checked, change) {
  const box = make("input", { type: "checkbox", id, checked, attributes: { role: "switch", ...(words && { "aria-describedby": `${id}-words` }) } });
  box.addEventListener("change", () => act(async () => {
    const on = box.checked;
    box.checked = !on; // it stands as it was until the server says otherwise
    await change(on);
    at(id)?.focus();
  }, `${title}: saved.`));
  return make("li", { className: "row" },
    make("div", {}, make("label", { htmlFor: id, className: "title" }, title), words ? make("p", { id: `${id}-words`, className: "quiet" }, words) : null), box);
}

async function consent(purpose, granted, friendId = null) {
  await ask(`mutation($purpose: Purpose!, $granted: Boolean!, $friendId: ID) {
    setConsent(purpose: $purpose, granted: $granted, friendId: $friendId) { ... on ConsentChange { privacy { level } } ${refused} } }`,
    { purpose, granted, friendId });
  await refresh();
}

async function refresh() {
  await load();
  await showExample();
}

const chosen = () => levels[at("level").value];

async function showExample() {
  const { name, words, code } = chosen();
  at("level").setAttribute("aria-valuetext", name);
  at("level-name").textContent = name;
  at("level-words").textContent = words;
  const now = levels.findIndex((level) => level.code === privacy.level);
  at("level-save").hidden = code === privacy.level;
  if (at("level").value > now) {
    at("example-note").textContent = "More than you use now. Save it to see what changes.";
    return fill("example", []);
  }
  const { viewer } = await ask(`query($level: PersonalizationLevel!) { viewer { discover(kind: TRACK, first: 5, level: $level) { edges { node { ${item} } } } } }`, { level: code });
  if (chosen().code !== code) return; // the slider moved on
  at("example-note").textContent = code === privacy.level ? "With the level you use now:" : `If you lowered it to “${name}”:`;
  at("example").dataset.level = code;
  fill("example", viewer.discover.edges.map(({ node }) => make("li", {}, named(node.item))), "Nothing to show.");
}

async function saveLevel() {
  await ask(`mutation($level: PersonalizationLevel!) { setPersonalizationLevel(level: $level) { ... on PrivacySettings { level } ${refused} } }`, { level: chosen().code });
  await refresh();
  at("level").focus();
}

async function withdrawAll() {
  await ask(`mutation { withdrawAllConsent { ... on ConsentChange { privacy { level } } ${refused} } }`);
  await refresh();
}

async function find() {
  const { search } = await ask(`query($text: String!) { search(text: $text, kind: ARTIST, first: 5) { edges { node { ... on Artist { id name } } } } }`, { text: at("exclude-text").value });
  fill("hits", search.edges.map(({ node }) => line(node.name,
    (name) => button("Leave out", () => act(() => exclude(node.id, true), `${name} counts for nothing now.`), name))), "Nobody by that name.");
}

async function exclude(id, excluded) {
  await ask(`mutation($id: ID!, $excluded: Boolean!) { excludeFromTaste(id: $id, excluded: $excluded) { ... on PrivacySettings { level } ${refused} } }`, { id, excluded });
  fill("hits", []);
  await refresh();
}

function showExports(exports) {
  fill("exports", exports.map((file) => make("li", { className: "row" }, `Asked for ${new Date(file.requestedAt).toLocaleString()}`,
    file.url ? make("a", { href: file.url }, `Download (${Math.ceil(file.size / 1024)} KB)`) : { REQUESTED: "being written", EXPIRED: "expired" }[file.state] ?? "")));
  clearTimeout(showExports.timer);
  if (exports.some((file) => file.state === "REQUESTED")) showExports.timer = setTimeout(() => act(watchExports), 2000);
}

async function watchExports() {
  showExports((await ask(`{ viewer { dataExports { id state size url requestedAt } } }`)).viewer.dataExports);
}

async function askForExport() {
  await ask(`mutation { requestDataExport { ... on DataExport { id } ${refused} } }`);
  await watchExports();
}

async function erase() {
  const { requestErasure } = await ask(`mutation($confirm: String!) { requestErasure(confirm: $confirm) { ... on Erasure { url } ${refused} } }`, { confirm: at("erase-confirm").value });
  clearTimeout(showExports.timer);
  at("main").replaceChildren(make("h1", {}, "Your account is being erased"),
    make("p", {}, "You are signed out. Keep this address; it tells how far it is, and ends with a signed receipt."),
    make("p", {}, make("a", { id: "erasure", href: requestErasure.url }, "How far it is")));
  say("");
}

const onSubmit = (id, action, done) => at(id).addEventListener("submit", (event) => { event.preventDefault(); act(action, done); });
at("level").addEventListener("input", () => act(showExample));
at("level-save").addEventListener("click", () => act(saveLevel, "Level saved."));
at("withdraw-all").addEventListener("click", () => act(withdrawAll, "Everything is withdrawn."));
at("export").addEventListener("click", () => act(askForExport, "The file is being written."));
onSubmit("exclude", find);
onSubmit("erase", erase);

act(async () => {
  await load();
  at("level").value = levels.findIndex((level) => level.code === privacy.level);
  await showExample();
});
