// What the device asks of the server: who is there, and what is new of the pack. Nothing in it depends on what anybody hears.
import { load, partsOf } from "./device.js";
import { checked, opened, Refused } from "./pack.js";
import * as store from "./store.js";

const PATIENCE = 5000; // milliseconds for a server to say who is signed in
const TRIES = 3; // a new model may come while parts are fetched, and what is here may be damaged

/**
 * Who is signed in, by an opaque id; null where nobody says: without a network, signed out, by a slow server. This page is theirs
 * from now on; where nobody says, it is of whoever was here last.
 */
export async function present() {
  const told = await fetch("/device/whose", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    .then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (typeof told?.whose !== "string") return null;
  await store.belongTo(told.whose);
  return told.whose;
}

/** Fetches what is new of the pack, and nothing that depends on who asks. Without a network, what is here goes on. Raises Refused. */
export async function sync() {
  await present();
  for (let tried = 1; ; tried += 1) {
    try {
      return await fetched(tried > 1);
    } catch (error) {
      if (error.code === "BUNDLE_EXPIRED") throw new Refused("CLOCK_WRONG"); // the server has this moment said that it holds
      if (error.code !== "BUNDLE_DAMAGED" || tried === TRIES) throw error;
    }
  }
}

/** `anew`: without regard to what was fetched before, here or in what the browser keeps of answers. */
async function fetched(anew) {
  const tag = anew ? null : await store.fact("tag");
  const answer = await fetch("/device/bundle", { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) return load();
  if (!answer.ok) throw await refusalOf(answer);
  const document = await answer.json().catch(() => { throw new Refused("NO_ANSWER"); }); // somebody else's page, as in a hotel
  const said = await opened(document, await store.fact("key"));
  const parts = partsOf(said);
  let bytes = 0;
  for (const part of parts) {
    if (await intact(await store.part(part.sha256), part)) continue;
    bytes += part.bytes;
    await store.keepPart(part.sha256, await checked(await partFetched(part, anew), part));
  }
  await store.keepFact("bundle", document);
  await store.keepFact("key", document.proof.publicKey);
  await store.keepFact("tag", answer.headers.get("ETag"));
  await store.keepOnly(parts.map(({ sha256 }) => sha256));
  return { ...await load(), fetched: bytes };
}

async function partFetched({ sha256 }, anew) {
  const answer = await fetch(`/device/parts/${sha256}`, anew ? { cache: "reload" } : {});
  if (answer.status === 404) throw new Refused("BUNDLE_DAMAGED"); // the manifest is an older one by now
  if (!answer.ok) throw await refusalOf(answer);
  return answer.arrayBuffer();
}

const intact = (buffer, part) => (buffer ? checked(buffer, part).then(() => true, () => false) : false);

/** With the server's code and sentence; a proxy has neither. */
async function refusalOf(answer) {
  const told = (await answer.json().catch(() => null))?.errors?.[0];
  return new Refused(told?.extensions?.code ?? "NO_ANSWER", told?.message);
}
