// A week, a month or a year of one's own listening.
import { act, at } from "../page.js";
import { asDay, gettext, worded } from "../words.js";
import { own } from "./engagement.js";
import { counted, empty, most, overTime, sums } from "./figures.js";

const month = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric" });
const spans = {
  week: (back) => { const now = new Date(); const monday = now.getDate() - (now.getDay() + 6) % 7 - 7 * back; return [new Date(now.getFullYear(), now.getMonth(), monday), new Date(now.getFullYear(), now.getMonth(), monday + 7)]; },
  month: (back) => { const now = new Date(); return [new Date(now.getFullYear(), now.getMonth() - back, 1), new Date(now.getFullYear(), now.getMonth() - back + 1, 1)]; },
  year: (back) => { const year = new Date().getFullYear() - back; return [new Date(year, 0, 1), new Date(year + 1, 0, 1)]; },
};
const names = {
  week: (from) => worded(gettext("Week of %(day)s"), { day: asDay(from) }),
  month: (from) => month.format(from),
  year: (from) => String(from.getFullYear()),
};
let span, back, last;

export function start() {
  [span, back, last] = ["month", 0, 0];
  for (const one of at("spans").children) one.addEventListener("click", () => act(() => show(one.dataset.span, 0)));
  at("span-earlier").addEventListener("click", () => act(() => show(span, back + 1)));
  at("span-later").addEventListener("click", () => act(() => show(span, back - 1)));
  act(async () => at("own-engagement").replaceChildren(...await own()));
  return show(span, back);
}

async function show(chosen, ago) {
  const number = (last += 1);
  [span, back] = [chosen, ago];
  const [from, until] = spans[span](back);
  for (const one of at("spans").children) one.setAttribute("aria-pressed", one.dataset.span === span);
  at("span-name").textContent = names[span](from);
  at("span-later").disabled = back === 0;
  const figures = await counted(from, until);
  if (number !== last) return; // another period was chosen meanwhile
  at("figures").replaceChildren(...(figures.plays ? [sums(figures), overTime(figures, from, until, span === "year").view, most(figures)] : [empty()]));
}
