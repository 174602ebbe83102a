// Counts as a picture and as a table of the same.
import { make } from "../page.js";
import { asNumber, gettext } from "../words.js";

const [WIDTH, HEIGHT, BASE] = [640, 130, 128];

/** `rows`: [{ name, count }], in their order. */
export function bars(title, rows, heading) {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const step = WIDTH / Math.max(rows.length, 1);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  picture.append(svg("line", { x1: 0, x2: WIDTH, y1: BASE, y2: BASE }));
  rows.forEach(({ name, count }, place) => {
    const height = Math.max(count ? 2 : 0, count / most * (BASE - 14));
    const bar = svg("rect", { x: place * step + step * 0.12, y: BASE - height, width: step * 0.76, height, rx: Math.min(3, step / 5) });
    bar.append(svg("title", {}, `${name}: ${asNumber(count)}`));
    picture.append(bar);
  });
  const ends = rows.length > 1 ? [rows[0].name, rows.at(-1).name] : [];
  return make("div", { className: "chart" }, make("p", { className: "quiet most", attributes: { "aria-hidden": "true" } }, asNumber(most)), picture,
    make("p", { className: "quiet ends", attributes: { "aria-hidden": "true" } }, ends.map((name) => make("span", {}, name))),
    make("details", {}, make("summary", {}, gettext("The same as a table")), table(title, [heading, gettext("Plays")], rows.filter(({ count }) => count).map(({ name, count }) => [name, asNumber(count)]))));
}

export const table = (title, head, rows) => make("table", { attributes: { "aria-label": title } },
  make("thead", {}, make("tr", {}, head.map((words) => make("th", { scope: "col" }, words)))),
  make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell))))));

export function svg(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}
