"""``manage.py engagement_report``: make what is due, and print the latest report."""

from typing import Any

from django.core.management.base import BaseCommand

from discovery.engagement.metrics import BY_KEY, Metric, MetricKey
from discovery.engagement.reports import report_due, reports


class Command(BaseCommand):
    help = "Measure the last whole week, where it was not yet, and print it: aggregates of those who granted EXPERIMENT."

    def handle(self, **_: Any) -> None:
        report_due()
        (report,) = reports(1)
        rows = [row for row in report.figures.all() if row.metric in BY_KEY]
        self.stdout.write(
            f"Week of {report.week}; each figure of {report.smallest} people or more, how many in parentheses."
        )
        if not rows:
            self.stdout.write(
                "Too few people allow it (EXPERIMENT and RECORD); nothing is told, and what is measured once is not measured again."
            )
        for row in sorted(
            rows, key=lambda row: (list(BY_KEY).index(MetricKey(row.metric)), str(row.cohort or ""))
        ):
            metric = BY_KEY[MetricKey(row.metric)]
            whom = f"first play in the week of {row.cohort}" if row.cohort else "everybody"
            value, low, high = (_written(metric, number) for number in (row.value, row.low, row.high))
            unit = "" if metric.share else f" {metric.unit}"
            self.stdout.write(f"{metric.name}, {whom} ({row.people}): {value}{unit} (95 %: {low} to {high})")


def _written(metric: Metric, value: float) -> str:
    return f"{value:.1%}" if metric.share else f"{value:.3f}"
