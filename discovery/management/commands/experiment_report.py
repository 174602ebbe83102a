"""``manage.py experiment_report [NAME]``: what was reported, and this week's report where the clock has not made it yet."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.experiments.arms import Arm
from discovery.experiments.selectors import experiment_get, experiments_list, reports_of
from discovery.experiments.services import reports_make
from discovery.models import Experiment
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "Tell what the latest report says of an experiment, or of all. Reports are of Mondays, 00:00 UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="which one; else all there were")

    def handle(self, *args: Any, **options: Any) -> None:
        reports_make()
        try:
            chosen = [experiment_get(options["name"])] if options["name"] else list(experiments_list())
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
        if not chosen:
            self.stdout.write("There is no experiment yet; experiment_start begins one.")
        for experiment in chosen:
            for line in told(experiment):
                self.stdout.write(line)


def told(experiment: Experiment) -> Iterator[str]:
    """One experiment in lines."""
    ended = (
        f"{experiment.stopped_at:%Y-%m-%d} ({experiment.stopped_because})"
        if experiment.stopped_at
        else "now, for it runs"
    )
    yield f"{experiment.name} ({experiment.kind}), {experiment.started_at:%Y-%m-%d} to {ended}"
    yield f"  A: {Arm.of(experiment.arm_a).in_words}; B: {Arm.of(experiment.arm_b).in_words}"
    report = reports_of(experiment).first()
    if report is None:
        yield "  no report yet: one is made on Mondays at 00:00 UTC, of days that were over a day before"
        return
    yield f"  as of {report.at:%Y-%m-%d %H:%M} UTC:"
    yield from _figures(report.figures)


def _figures(figures: Mapping[str, Any]) -> Iterator[str]:
    if figures.get("sample_ratio") is not None:
        yield f"  sample ratio: p = {figures['sample_ratio']:.3g}"
    if figures["too_few"]:
        yield "  too few people"
    else:
        yield f"  people: {figures['people']}; sessions: {figures['sessions']}"
        for figure in figures["figures"]:
            known = figure["low"] is not None
            within = f" ({figure['low']:+.4g} to {figure['high']:+.4g})" if known else ""
            yield f"  {figure['name']}: A {figure['a']:.4g}, B {figure['b']:.4g}, {figure['difference']:+.4g}{within}"
        yield f"  better beyond doubt: {figures['verdict'] or 'neither'}"
        if figures["breached"]:
            yield f"  over its bound: {figures['breached']}"
    for estimate in figures["radio"]:
        yield (
            f"  radio, {estimate['name']}: {estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
            f" a choice, where {estimate['logged']:.3f} was earned"
        )
