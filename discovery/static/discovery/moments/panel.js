// Music for a moment: what a calendar or a place would tell is shown before anything is sent, and forgotten with a button.
import { ask, refused } from "../api.js";
import { act, at, button, fill, make, onSubmit, row, tell } from "../page.js";
import { asMoment, asTime, gettext, ngettext, worded } from "../words.js";
import { coarse, hereNow, reach } from "./coarse.js";
import { occurrences } from "./events.js";
import { keepPlaces, placeAt, placesOf, whereNow } from "./places.js";

const parts = "label purpose startsAt minutes";
export const ofViewer = `id moments { ${parts} } readyPlaylists privacy { level purposes { purpose state } }`;

let load, viewer;
let found = { CALENDAR: [], LOCATION: [] }; // what would be sent; the calendar itself is kept nowhere

export function begin(reload) {
  load = reload;
  found = { CALENDAR: [], LOCATION: [] };
  at("calendar-file").addEventListener("change", () => act(readCalendar));
  at("calendar-send").addEventListener("click", () => act(() => send("CALENDAR")));
  at("place-send").addEventListener("click", () => act(() => send("LOCATION")));
  at("place-here").addEventListener("click", () => act(lookWhere));
  onSubmit("place-form", keepPlace);
  at("ready-playlists").addEventListener("change", () => act(ready));
}

export function show({ viewer: told }) {
  viewer = told;
  const allowed = viewer.privacy.purposes.filter(({ purpose, state }) => purpose in found && state === "GRANTED");
  at("moments-off").hidden = allowed.length > 0 && viewer.privacy.level === "CONTEXT";
  fill("moments", viewer.moments.map((moment) => row(inWords(moment))), gettext("No moment is told."));
  at("moments-forget").replaceChildren(...["CALENDAR", "LOCATION"].filter((purpose) => viewer.moments.some((moment) => moment.purpose === purpose)).map((purpose) =>
    button(purpose === "CALENDAR" ? gettext("Forget what the calendar told") : gettext("Forget what the place told"), () => act(() => forget(purpose)))));
  at("ready-playlists").checked = viewer.readyPlaylists;
  showPlaces();
}

const nameOf = (label) => at("place-label").querySelector(`option[value="${label}"]`).textContent;
const inWords = ({ label, startsAt, minutes }) => worded(gettext("%(label)s: %(start)s to %(end)s"),
  { label: nameOf(label), start: asMoment(startsAt), end: asTime(new Date(startsAt).getTime() + minutes * 60_000) });

async function readCalendar() {
  const [file] = at("calendar-file").files;
  const now = Date.now();
  const events = file ? occurrences(await file.text(), ...reach(now)) : [];
  found.CALENDAR = coarse(events, now);
  const passed = worded(ngettext("%(count)s event of the next two weeks was read; this is what would be sent.", "%(count)s events of the next two weeks were read; this is what would be sent.", events.length), { count: events.length });
  at("calendar-said").textContent = file ? passed : "";
  preview("CALENDAR", "calendar-found", "calendar-send");
}

function preview(purpose, place, send_) {
  fill(place, found[purpose].map((moment) => row(inWords(moment), button(gettext("Leave out"), () => {
    found[purpose] = found[purpose].filter((other) => other !== moment);
    preview(purpose, place, send_);
    at(send_).focus({ preventScroll: true });
  }, { about: inWords(moment) }))), gettext("No moment was recognized, so nothing would be sent."));
  at(send_).hidden = !found[purpose].length;
}

async function send(purpose) {
  await ask(`mutation($purpose: OccasionPurpose!, $input: [MomentInput!]!) { setMoments(purpose: $purpose, input: $input) {
    ... on MomentsTold { moments { ${parts} } } ${refused} } }`, { purpose, input: found[purpose] });
  await load();
  tell(gettext("Told. It counts while such a moment runs."));
}

async function forget(purpose) {
  await ask(`mutation($purpose: OccasionPurpose!) { forgetMoments(purpose: $purpose) { ... on MomentsTold { moments { ${parts} } } ${refused} } }`, { purpose });
  await load();
  at("moments-title").focus({ preventScroll: true });
  tell(gettext("Forgotten."));
}

function showPlaces() {
  const places = placesOf(viewer.id);
  fill("moment-places", places.map((place) => row(nameOf(place.label),
    button(gettext("I am here now"), () => told(place)), button(gettext("Remove"), () => {
      keepPlaces(viewer.id, placesOf(viewer.id).filter(({ label }) => label !== place.label));
      showPlaces();
    }, { about: nameOf(place.label) }))), gettext("You named no place in this browser."));
}

function told(place) {
  found.LOCATION = place ? hereNow(place.label, Date.now()) : [];
  preview("LOCATION", "place-found", "place-send");
}

const unknown = () => gettext("Your device does not say where it is.");

async function keepPlace() {
  const { latitude, longitude } = await whereNow(unknown());
  const label = at("place-label").value;
  keepPlaces(viewer.id, [...placesOf(viewer.id).filter((place) => place.label !== label), { label, latitude, longitude }]);
  showPlaces();
  tell(gettext("The place is kept in this browser, and nowhere else."));
}

async function lookWhere() {
  told(placeAt(placesOf(viewer.id), await whereNow(unknown())));
}

async function ready() {
  const on = at("ready-playlists").checked;
  await ask(`mutation($ready: Boolean!) { setReadyPlaylists(ready: $ready) { ... on PlaylistsReady { ready } ${refused} } }`, { ready: on });
  tell(on ? gettext("A playlist will be ready ten minutes before each moment.") : gettext("No playlist is made for moments."));
}
