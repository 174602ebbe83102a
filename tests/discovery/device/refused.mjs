// What the device makes of a document that is not what it should be: { code } or { said } of each case; and the two hashes.
import { readFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { checked, opened } from "./device/pack.js";
import { digest } from "./device/sha256.js";

const { document, long, part, bytes, now } = JSON.parse(readFileSync(0, "utf8"));
const code = (action) => action().then(() => "GOOD", (error) => error.code ?? String(error));
const with_ = (more) => ({ ...document, ...more });
const blob = Uint8Array.from(Buffer.from(bytes, "base64"));
const flipped = blob.slice();
flipped[flipped.length - 1] ^= 1;
const answers = {
  good: await code(() => opened(document, null, now)),
  pinned: await code(() => opened(document, document.proof.publicKey, now)),
  another_key: await code(() => opened(document, Buffer.alloc(32, 7).toString("base64"), now)),
  changed: await code(() => opened(with_({ manifest: document.manifest.replace('"format":1', '"format":2') }), null, now)),
  unsigned: await code(() => opened({ manifest: document.manifest }, null, now)),
  early: await code(() => opened(document, null, now - 3 * 3_600_000)),
  long: await code(() => opened(long, null, now)),
  tomorrow: await code(() => opened(document, null, now + 25 * 3_600_000)),
  part: await code(() => checked(blob.buffer, part)),
  damaged: await code(() => checked(flipped.buffer, part)),
  shorter: await code(() => checked(blob.slice(1).buffer, part)),
};
const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001];
answers.hashes = lengths.every((length) => {
  const some = new Uint8Array(randomBytes(length));
  return Buffer.from(digest(some)).toString("hex") === createHash("sha256").update(some).digest("hex");
});
process.stdout.write(JSON.stringify(answers));
