// `store.js` without a browser: what it keeps is in memory.
import { nothing } from "./evidence.js";

const histories = {}, lines = [];
export const history = async (kind) => ({ ...nothing(), ...structuredClone(histories[kind] ?? {}) });
export const changed = async (kind, change) => { histories[kind] = { ...nothing(), ...histories[kind] }; change(histories[kind]); };
export const logged = async (line) => { lines.push(line); };
export const log = async () => lines;
export const unlogged = async (id) => { lines.splice(0, lines.length, ...lines.filter((line) => line.id !== id)); };
const kept = new Map();
export const fact = async (name) => kept.get(name);
export const keepFact = async (name, value) => { kept.set(name, value); };
const parts = new Map();
export const part = async (hash) => parts.get(hash);
export const keepPart = async (hash, buffer) => { parts.set(hash, buffer); };
export const keepOnly = async (hashes) => { for (const hash of [...parts.keys()]) if (!hashes.includes(hash)) parts.delete(hash); };
export const belongTo = async () => {};
