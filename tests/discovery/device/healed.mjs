// What becomes of a pack that is damaged, of answers that are none, and of a clock that is wrong: { document, parts } in; by case, code or what is held, out.
import { readFileSync } from "node:fs";
import * as device from "./device/device.js";
import { sync } from "./device/fetching.js";
import * as store from "./device/store.js";

const { document, parts } = JSON.parse(readFileSync(0, "utf8"));
const hashes = Object.keys(parts);
const whole = (hash) => Uint8Array.from(Buffer.from(parts[hash], "base64")).buffer;
const damaged = (buffer) => { const bytes = new Uint8Array(buffer.slice(0)); bytes[bytes.length - 1] ^= 1; return bytes.buffer; };
const json = (body, status = 200) => new Response(JSON.stringify(body), { status, headers: { ETag: '"now"' } });

let asked = [], more = {};
globalThis.fetch = async (path, { headers = {}, cache } = {}) => {
  asked.push(path);
  if (path === "/device/whose") return json({ whose: "ada" });
  const of = path === "/device/bundle" ? "bundle" : "part";
  if (more[of]) return more[of]({ hash: path.split("/").at(-1), cache });
  if (of === "bundle") return headers["If-None-Match"] === '"now"' ? new Response(null, { status: 304 }) : json(document);
  return new Response(whole(path.split("/").at(-1)));
};

async function outcome(does, faults = {}) {
  [asked, more] = [[], faults];
  const told = await does().then(({ kinds }) => ({ held: kinds.TRACK.held }), ({ code, message }) => ({ code, message }));
  return { ...told, parts: asked.filter((path) => path.startsWith("/device/parts/")).length };
}

const answers = { first: await outcome(sync), again: await outcome(sync) };
await store.keepPart(hashes[0], damaged(whole(hashes[0])));
answers.damagedHere = await outcome(device.load);
answers.healed = await outcome(sync);
await store.keepOnly(hashes.slice(1));
answers.lost = await outcome(sync);
await store.keepOnly([]);
await store.keepFact("tag", null);
answers.damagedOnTheWay = await outcome(sync, { part: ({ hash, cache }) => new Response(cache === "reload" ? whole(hash) : damaged(whole(hash))) });
await store.keepOnly([]);
answers.damagedForGood = await outcome(sync, { part: ({ hash }) => new Response(damaged(whole(hash))) });
answers.busy = await outcome(sync, { part: () => json({ errors: [{ message: "Too many.", extensions: { code: "BUSY" } }] }, 503) });
answers.proxy = await outcome(sync, { part: () => new Response("<html>", { status: 502 }) });
answers.hotel = await outcome(sync, { bundle: () => new Response("<html>Welcome") });
answers.gone = await outcome(sync, { bundle: () => new Response("<html>", { status: 502 }) });
await outcome(sync);
const { now } = Date;
for (const [name, hours] of [["late", 25], ["early", -3]]) {
  Date.now = () => now() + hours * 3_600_000;
  answers[name] = await outcome(sync);
}
process.stdout.write(JSON.stringify(answers));
