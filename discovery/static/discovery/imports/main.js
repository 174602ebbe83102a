// Histories from elsewhere: a file handed in, read in the background, and what became of it.
import { onLeave } from "../visit.js";
import * as list from "./list.js";
import * as sending from "./sending.js";

export function start() {
  sending.begin(list.load);
  list.begin();
  onLeave(list.end);
  return list.load();
}
