// Places that a person named, and which of them they are at. Both stay in this browser.
const EARTH = 6_371_000; // meters
const NEAR = 150;
const WORST = 500; // where the device itself is less sure, nobody knows where it is

const radians = (degrees) => (degrees * Math.PI) / 180;

/** Meters between two positions. */
export function distance(one, other) {
  const [up, along] = [radians(other.latitude - one.latitude) / 2, radians(other.longitude - one.longitude) / 2];
  const part = Math.sin(up) ** 2 + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * Math.sin(along) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(part)));
}

/** The nearest of these places that the position may lie in, or null. */
export function placeAt(places, position) {
  if (position.accuracy > WORST) return null;
  const [nearest] = places.map((place) => ({ place, away: distance(place, position) })).sort((one, other) => one.away - other.away);
  return nearest && nearest.away <= NEAR + (position.accuracy ?? 0) ? nearest.place : null;
}

const key = (viewer) => `places of ${viewer}`;

export function placesOf(viewer) {
  try {
    return JSON.parse(localStorage.getItem(key(viewer)) ?? "[]");
  } catch {
    return [];
  }
}

export function keepPlaces(viewer, places) {
  if (places.length) localStorage.setItem(key(viewer), JSON.stringify(places));
  else localStorage.removeItem(key(viewer));
}

/** Where the device is now; an Error with a sentence for people where it does not say. */
export const whereNow = (sentence) => new Promise((found, failed) => {
  navigator.geolocation.getCurrentPosition(
    ({ coords: { latitude, longitude, accuracy } }) => found({ latitude, longitude, accuracy }),
    () => failed(new Error(sentence)), { maximumAge: 60_000, timeout: 20_000 });
});
