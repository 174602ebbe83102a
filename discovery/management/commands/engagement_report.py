"""``manage.py engagement_report``: make what is due, and print the latest report."""

from typing import Any

from django.core.management.base import BaseCommand

from discovery.engagement.metrics import BY_KEY, MetricKey
from discovery.engagement.reports import report_due, reports


class Command(BaseCommand):
    help = "Measure the last whole week, where it was not yet, and print it: aggregates of those who granted EXPERIMENT."

    def handle(self, **_: Any) -> None:
        report_due()
        (report,) = reports(1)
        rows = [row for row in report.figures.all() if row.metric in BY_KEY]
        self.stdout.write(f"Week of {report.week}, of {report.smallest} people or more each.")
        if not rows:
            self.stdout.write("Too few people allow it; nothing is told.")
        for row in sorted(
            rows, key=lambda row: (list(BY_KEY).index(MetricKey(row.metric)), str(row.cohort or ""))
        ):
            metric = BY_KEY[MetricKey(row.metric)]
            whom = f"since {row.cohort}" if row.cohort else "everybody"
            self.stdout.write(
                f"{metric.name}, {whom} ({row.people}): {row.value:.3f} {metric.unit} [{row.low:.3f}, {row.high:.3f}]"
            )
