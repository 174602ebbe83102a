"""``manage.py simulate_experiments``: what experiments find in made-up communities, and how often they are wrong."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from discovery.lab.experiments_simulated import ASSUMED, assigned, interleaving
from discovery.lab.report import END, START

COMMUNITIES = ((30, 150), (300, 15))  # people, sessions each
WEEKS = 26
LEAST = 10  # people in an arm


class Command(BaseCommand):
    help = "Simulate experiments that are looked at all the time: false alarms, power, coverage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--runs", type=int, default=500, help="experiments of each size (500: minutes)")
        parser.add_argument(
            "--gain",
            type=float,
            default=0.05,
            help="what B is better by where there is something to find: 0.05 is 5 %%",
        )
        parser.add_argument("--seed", type=int, default=2033)
        parser.add_argument("--json", type=Path, help="write the figures here")
        parser.add_argument("--markdown", type=Path, help="write the tables between this file's markers")

    def handle(self, *args: Any, **options: Any) -> None:
        how = {"gain": options["gain"], "runs": options["runs"], "seed": options["seed"]}
        figures = {
            "seed": options["seed"], "assumed": asdict(ASSUMED),
            "interleaving": [interleaving(people, sessions, **how) for people, sessions in COMMUNITIES],
            "ab": [assigned(people, WEEKS, least=LEAST, **how) for people, _sessions in COMMUNITIES],
        }  # fmt: skip
        text = json.dumps(figures, indent=1)
        self.stdout.write(tables(figures))
        if options["json"] is not None:
            options["json"].parent.mkdir(parents=True, exist_ok=True)
            options["json"].write_text(text + "\n", encoding="utf-8")
        if (page := options["markdown"]) is not None:
            head, rest = page.read_text(encoding="utf-8").split(START)
            page.write_text(
                f"{head}{START}\n\n{tables(figures)}\n\n{END}{rest.split(END)[1]}", encoding="utf-8"
            )


def tables(figures: Mapping[str, Any]) -> str:
    """Everything simulated, as Markdown."""
    first = figures["interleaving"][0]
    return "\n\n".join((
        f"{first['runs']} runs each, seed {figures['seed']}, a gain of {first['gain']:.0%}; looked at after every session:",
        _table(
            ("interleaving, people", "sessions each, at most", "found", "the wrong way", "false alarms",
             "interval covers at every look", "sessions a person for 80 %", "for half", "false alarms of a plain test"),
            [
                (
                    f"{row['people']}", f"{row['sessions_a_person']}", f"{row['power']:.1%}", f"{row['wrong']:.1%}",
                    f"{row['false_alarms']:.1%}", f"{row['covered']:.1%}", _number(row["sessions_for_80"]),
                    _number(row["sessions_median"]), f"{row['naive_false_alarms']:.1%}",
                )
                for row in figures["interleaving"]
            ],
        ),
        "A/B tests of plays a day, with what people played before taken out (CUPED); looked at every week:",
        _table(
            ("A/B, people", "weeks", "found", "false alarms", "interval covers at every look",
             "half the interval's width at the end, in plays of an average person"),
            [
                (
                    f"{row['people']}", f"{row['weeks']}", f"{row['power']:.1%}", f"{row['false_alarms']:.1%}",
                    f"{row['covered']:.1%}", f"±{row['half_width']:.0%}",
                )
                for row in figures["ab"]
            ],
        ),
    ))  # fmt: skip


def _number(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
