// The sheet behind "…", with what can be done.
import { at, fill } from "../page.js";

export function openSheet(title, acts) {
  at("more-title").textContent = title;
  fill("more-place", []);
  at("more").querySelector(".told").replaceChildren(); // what was said of the last one
  at("more-acts").replaceChildren(...acts);
  at("why").closest("section").hidden = true;
  at("more").showModal();
  at("more-title").focus();
}

export const closeSheet = () => at("more").close();
