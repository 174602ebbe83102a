// How one listens: one's own figures of the last four weeks, each with what it is.
import { ask } from "../api.js";
import { make } from "../page.js";
import { asPercent, gettext } from "../words.js";

const SHARES = new Set(["SKIP_SHARE", "HEARD_OUT_SHARE", "RETURNING", "CHURNED"]);
const figure = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });

export const metricParts = "key name definition unit";

/** A figure as people read it; `metric` says whether it is a share. */
export const written = ({ key }, value) => (SHARES.has(key) ? asPercent(value) : figure.format(value));
export const unitOf = ({ key, unit }) => (SHARES.has(key) ? "" : unit);

export async function own() {
  const { viewer } = await ask(`{ viewer { engagement { value metric { ${metricParts} } } } }`);
  return viewer.engagement.map(({ metric, value }) => make("div", {}, make("dt", {}, make("strong", {}, metric.name), " ", metric.definition),
    make("dd", {}, value === null ? gettext("nothing yet") : `${written(metric, value)} ${unitOf(metric)}`)));
}
