// The device's page without a network: what it is made of is kept when it was last there. Music's pack and plays are in IndexedDB.
const NAME = "earshot-device-1";
const MODULES = ["acts", "cite", "client", "database", "days", "device", "evidence", "feedback", "fetching", "main", "pack", "radio", "refusals", "sha256", "store", "sum", "wording", "worker"];
const FILES = ["/device/", ...MODULES.map((name) => `/static/discovery/device/${name}.js`),
  "/static/discovery/pages.css", "/static/discovery/places.css", "/static/discovery/icon.svg"];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(NAME).then((kept) => kept.addAll(FILES)));
});

addEventListener("activate", (event) => event.waitUntil(Promise.all([
  clients.claim(),
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)))),
])));

const ours = (url) => url.origin === location.origin
  && (url.pathname === "/device/" || url.pathname === "/words.js" || url.pathname.startsWith("/static/discovery/"));

addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && ours(new URL(event.request.url))) event.respondWith(fresh(event.request));
});

/** From the network where it answers, and kept; from what is kept where it does not. */
async function fresh(request) {
  const kept = await caches.open(NAME);
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    const known = await kept.match(request, { ignoreVary: true });
    if (!known) throw error;
    return known;
  }
}
