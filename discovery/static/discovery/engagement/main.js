// For the people who run the installation: what listening came to, week by week, and by cohort.
import { ask } from "../api.js";
import { table } from "../music/charts.js";
import { metricParts, unitOf, written } from "../music/engagement.js";
import { at, make } from "../page.js";
import { asDay, asNumber, gettext, worded } from "../words.js";
import { intervals } from "./chart.js";

export async function start() {
  const { engagement } = await ask(`{ engagement { week smallestAggregate figures { cohort people value low high metric { ${metricParts} } } } }`);
  const weeks = engagement.toReversed();
  const metrics = new Map(engagement.flatMap(({ figures }) => figures.map(({ metric }) => [metric.key, metric])));
  const [latest] = engagement;
  at("engagement-latest").textContent = latest
    ? worded(gettext("The last week measured began on %(day)s. No figure is of fewer than %(count)s people."), { day: asDay(latest.week), count: asNumber(latest.smallestAggregate) })
    : gettext("No week was measured yet. The clock does so on Mondays.");
  at("engagement").replaceChildren(...[...metrics.values()].map((metric) => section(metric, weeks, latest)));
  if (latest && !metrics.size) at("engagement").replaceChildren(make("p", { className: "notice" }, gettext("Too few people allow it; nothing is told.")));
}

function section(metric, weeks, latest) {
  const id = `metric-${metric.key}`;
  const of = (report, cohorts) => report.figures.filter((one) => one.metric.key === metric.key && (one.cohort !== null) === cohorts);
  const rows = weeks.flatMap((report) => of(report, false).map((one) => ({ name: asDay(report.week), ...one })));
  const cohorts = of(latest, true);
  const words = ({ value, low, high }) => [`${written(metric, value)} ${unitOf(metric)}`, `${written(metric, low)} – ${written(metric, high)}`];
  const line = (name, one) => [name, asNumber(one.people), ...words(one)];
  const head = [gettext("People"), gettext("Figure"), gettext("95 % interval")];
  return make("section", { attributes: { "aria-labelledby": id } }, make("h2", { id }, metric.name), make("p", { className: "quiet" }, metric.definition),
    make("div", { className: "card" }, rows.length > 1 ? intervals(metric.name, rows, (value) => written(metric, value)) : null,
      table(metric.name, [gettext("Week of"), ...head], rows.map((one) => line(one.name, one))),
      cohorts.length ? make("details", {}, make("summary", {}, gettext("By cohort: the week of the first play")),
        table(gettext("By cohort"), [gettext("First play in the week of"), ...head], cohorts.map((one) => line(asDay(one.cohort), one)))) : null));
}
