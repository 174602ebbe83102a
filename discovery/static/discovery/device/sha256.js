// SHA-256 in hex: the browser's own where a page has it, which is on https and on the machine itself alone; else here (FIPS 180-4).

export async function sha256(buffer) {
  if (globalThis.crypto?.subtle) return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", buffer)));
  return hex(digest(new Uint8Array(buffer)));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const primes = (count) => {
  const found = [];
  for (let number = 2; found.length < count; number += 1) if (found.every((prime) => number % prime)) found.push(number);
  return found;
};
const fractional = (root) => (root - Math.floor(root)) * 2 ** 32 | 0;
const ROUNDS = Int32Array.from(primes(64), (prime) => fractional(Math.cbrt(prime)));
const BEGIN = Int32Array.from(primes(8), (prime) => fractional(Math.sqrt(prime)));
const turn = (word, by) => (word >>> by) | (word << (32 - by));

export function digest(bytes) {
  const padded = new Uint8Array(((bytes.length + 8 >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
  const state = BEGIN.slice(), words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) block(state, words, view, at);
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, place) => out.setInt32(4 * place, word));
  return new Uint8Array(out.buffer);
}

function block(state, words, view, at) {
  for (let place = 0; place < 16; place += 1) words[place] = view.getInt32(at + 4 * place);
  for (let place = 16; place < 64; place += 1) {
    const one = words[place - 15], two = words[place - 2];
    words[place] = words[place - 16] + (turn(one, 7) ^ turn(one, 18) ^ (one >>> 3)) + words[place - 7] + (turn(two, 17) ^ turn(two, 19) ^ (two >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let place = 0; place < 64; place += 1) {
    const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[place] + words[place] | 0;
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, d + first | 0, c, b, a, first + second | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, place) => { state[place] += word; });
}
