// Figures with their intervals as a picture; the table of the same stands beside it.
import { svg } from "../music/charts.js";
import { make } from "../page.js";

const [WIDTH, HEIGHT, TOP] = [640, 130, 10];

/** `rows`: [{ name, value, low, high }], in their order; `words` writes a figure. */
export function intervals(title, rows, words) {
  const most = Math.max(...rows.map(({ high }) => high), 1e-9);
  const step = WIDTH / Math.max(rows.length, 1);
  const y = (value) => HEIGHT - 2 - Math.max(0, value) / most * (HEIGHT - TOP - 2);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  picture.append(svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 2, y2: HEIGHT - 2 }));
  rows.forEach(({ name, value, low, high }, place) => {
    const x = (place + 0.5) * step;
    const point = svg("g", {});
    point.append(svg("title", {}, `${name}: ${words(value)} (${words(low)} – ${words(high)})`), svg("line", { class: "interval", x1: x, x2: x, y1: y(low), y2: y(high) }), svg("circle", { cx: x, cy: y(value), r: 5 }));
    picture.append(point);
  });
  const ends = rows.length > 1 ? [rows[0].name, rows.at(-1).name] : rows.map(({ name }) => name);
  return make("div", { className: "chart" }, make("p", { className: "quiet most", attributes: { "aria-hidden": "true" } }, words(most)), picture,
    make("p", { className: "quiet ends", attributes: { "aria-hidden": "true" } }, ends.map((name) => make("span", {}, name))));
}
