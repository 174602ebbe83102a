// The pack: read, checked, and made into an index. What does not check is refused, with a code and in words.
import { sha256 } from "./sha256.js";

export const FORMAT = 1;
const TYPES = { i1: Int8Array, u1: Uint8Array, f4: Float32Array, f8: Float64Array, u4: Uint32Array };

/**
 * Why a pack is not gone by. Codes: BUNDLE_EXPIRED, BUNDLE_FORGED, BUNDLE_DAMAGED, BUNDLE_UNKNOWN_FORMAT, BUNDLE_MISSING, CLOCK_WRONG,
 * NO_ANSWER, or the server's own, with its sentence.
 */
export class Refused extends Error {
  constructor(code, said = "") {
    super(said);
    this.code = code;
  }
}

/** The manifest inside a signed document. `pinned`: the key (base64) that this device met first, if any. */
export async function opened(document, pinned, now = Date.now()) {
  const { manifest, proof } = document;
  if (typeof manifest !== "string" || proof?.type !== "Ed25519") throw new Refused("BUNDLE_FORGED");
  if (pinned && proof.publicKey !== pinned) throw new Refused("BUNDLE_FORGED");
  if (await verified(document) === false) throw new Refused("BUNDLE_FORGED");
  const said = JSON.parse(manifest);
  if (said.format !== FORMAT) throw new Refused("BUNDLE_UNKNOWN_FORMAT");
  ensureCurrent(said, now);
  return said;
}

export function ensureCurrent(said, now = Date.now()) {
  const made = Date.parse(said.made), expires = Date.parse(said.expires);
  if (made - now > 3_600_000) throw new Refused("CLOCK_WRONG"); // made in an hour that has not come
  if (!(expires > now) || expires - made > 24 * 3_600_000) throw new Refused("BUNDLE_EXPIRED");
}

/** Whether the signature is good; null where this browser cannot tell (no WebCrypto outside of https, or no Ed25519). */
export async function verified({ manifest, proof }) {
  if (!globalThis.crypto?.subtle) return null;
  let key;
  try {
    key = await crypto.subtle.importKey("raw", bytesOf(proof.publicKey), "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    return false;
  }
  return crypto.subtle.verify("Ed25519", key, bytesOf(proof.signature), new TextEncoder().encode(JSON.stringify({ manifest })));
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** The buffer, where it is what the manifest names. */
export async function checked(buffer, part) {
  if (buffer.byteLength !== part.bytes || (await sha256(buffer)) !== part.sha256) throw new Refused("BUNDLE_DAMAGED");
  return buffer;
}

/** Named arrays of a part (discovery/device/arrays.py). */
export function arrays(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const begin = 4 + size;
  return Object.fromEntries(Object.entries(told).map(([name, { type, shape, at, bytes }]) => {
    if (type === "text") return [name, shape[0] ? new TextDecoder().decode(new Uint8Array(buffer, begin + at, bytes)).split("\n") : []];
    return [name, new TYPES[type](buffer, begin + at, shape.reduce((whole, length) => whole * length, 1))];
  }));
}

/** One view as `sum.js` asks for it, from its parts' buffers: [[part, buffer]]. */
export function indexOf(view, parts) {
  const { dim, sources, channels } = view;
  const read = parts.map(([part, buffer]) => [part, arrays(buffer)]);
  const vectors = read.filter(([{ what }]) => what === "vectors").sort(byTier).map(([, one]) => one);
  const names = read.filter(([{ what }]) => what === "names").sort(byTier).map(([, one]) => one);
  const artists = read.find(([{ what }]) => what === "artists")?.[1];
  const joined = (name, from) => concatenated(from.map((one) => one[name]));
  const index = {
    dim, sources, channels, size: view.size,
    row: joined("row", vectors), codes: joined("codes", vectors), keyScale: joined("key_scale", vectors),
    queryScale: joined("query_scale", vectors), prior: joined("prior", vectors),
    artist: joined("artist", names), names: names.flatMap((one) => one.names), ids: idsOf(joined("ids", names)),
  };
  index.byId = new Map(index.ids.map((id, item) => [id, item]));
  index.extras = new Map();
  index.maker = (id) => index.artist[index.byId.get(id)]; // undefined where the pack does not hold it
  const width = sources.length;
  index.key = (id) => {
    const item = index.byId.get(id);
    if (item === undefined) return index.extras.get(id) ?? null;
    return { id, row: index.row[item], order: index.row[item], name: index.names[item], codes: index.codes, at: item * dim, scale: index.keyScale.subarray(item * width, (item + 1) * width) };
  };
  const artistAt = new Map(artists ? idsOf(artists.ids).map((id, place) => [id, place]) : []);
  index.artistKey = (id) => {
    const place = artistAt.get(id);
    if (place === undefined) return index.extras.get(id) ?? null;
    return { id, row: -1, order: artists.row[place], name: artists.names[place], codes: artists.codes, at: place * dim, scale: artists.key_scale.subarray(place * width, (place + 1) * width) };
  };
  return index;
}

/**
 * What of the listener's own the pack does not hold (`extras` of their history): evidence, never proposed. Their rows and vectors are
 * of the model under which they were taken along; to another one they say nothing.
 */
export function withExtras(index, extras, model) {
  index.extras = new Map(extras.filter((one) => one.model === model).map(({ id, row, order, name, type, codes, keyScale }) => {
    const bytes = bytesOf(codes);
    const values = type === "int8" ? new Int8Array(bytes.buffer) : new Float32Array(bytes.buffer);
    return [id, { id, row, order, name, codes: values, at: 0, scale: keyScale }];
  }));
  return index;
}

const byTier = ([one], [other]) => one.tier - other.tier;

function concatenated(some) {
  if (!some.length) return new Float32Array();
  const whole = new some[0].constructor(some.reduce((length, one) => length + one.length, 0));
  let at = 0;
  for (const one of some) { whole.set(one, at); at += one.length; }
  return whole;
}

/** Ids as everybody writes them: 16 bytes each, in URL-safe base64 without padding. */
function idsOf(bytes) {
  const ids = [];
  for (let at = 0; at < bytes.length; at += 16) {
    ids.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 16))).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22));
  }
  return ids;
}
