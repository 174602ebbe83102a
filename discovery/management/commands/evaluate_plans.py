"""``evaluate_plans [--prompts FILE] [--user ada] [--prepare]``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from threadpoolctl import threadpool_limits

from accounts.models import User
from discovery.lab.plan_prompts import ROUNDING, Judged, judge, prompts_read, world_prepare
from discovery.platform.errors import Conflict

PROMPTS = settings.BASE_DIR / "tests" / "discovery" / "plans" / "prompts.tsv"
BAR = 0.98  # of what prompts ask for
SLOWEST = 40.0  # milliseconds of CPU, the median


class Command(BaseCommand):
    help = "Measure how written prompts are understood and carried out, for a listener of the sample community and its model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prompts", type=Path, default=PROMPTS)
        parser.add_argument(
            "--prepare", action="store_true",
            help="first make the sample community, with decades and a model, in this EARSHOT_HOME, which holds nobody else",
        )  # fmt: skip
        parser.add_argument("--user", default="ada", help="whose prompts they are")

    def handle(self, *, prompts: Path, user: str, prepare: bool, **_: Any) -> None:
        if prepare:
            try:
                world_prepare(tell=self.stderr.write)
            except Conflict as conflict:
                raise CommandError(conflict.message) from conflict
        viewer = User.objects.filter(username=user).first()
        if viewer is None:
            raise CommandError(f"There is no {user} here: create_sample_community makes one.")
        with threadpool_limits(
            1
        ):  # as a web process computes: several would wait for each other, and all of it counts
            judged = [judge(viewer, prompt) for prompt in prompts_read(prompts)]
        parts = {(each.prompt.seen, each.prompt.language) for each in judged}
        for seen, language in sorted(parts):
            some = [e for e in judged if (e.prompt.seen, e.prompt.language) == (seen, language)]
            self.stdout.write(f"{seen} {language}: {_share(some)}")
        self.stdout.write(f"all: {_share(judged)}")
        cpu = [each.cpu for each in judged if each.cpu]
        struck = [each.struck for each in judged if each.struck is not None]
        invented = sum(each.invented for each in judged)
        off = max(each.off for each in judged)
        tagged = [each.tagged for each in judged if each.tagged is not None]
        self.stdout.write(
            f"{invented} invented tracks; reasons and remainder off the score by at most {off:.1e}; "
            f"a word struck out in {len(struck)} plans, beside its terms at most {max(struck, default=0.0):.1e}\n"
            f"of {len(tagged)} plans with tags {np.mean(tagged):.0%} of the tracks carry one of them\n"
            f"plan and preview: median {np.median(cpu):.1f} ms of CPU, 95th percentile {np.percentile(cpu, 95):.1f} ms"
        )
        for each in judged:
            if each.missed or each.broken or each.made_up:
                self.stdout.write(
                    f"  {each.prompt.text}: missed {each.missed}, broken {each.broken}, not asked for {each.made_up}"
                )
        met, whole = _met(judged)
        failed = [
            words
            for words, bad in (
                (f"less than {BAR:.0%} is met", met < BAR * whole),
                ("tracks are invented", invented > 0),
                ("sums are off", off > ROUNDING),
                ("a word moves more than its terms", max(struck, default=0.0) > ROUNDING),
                (f"the median is above {SLOWEST:g} ms", float(np.median(cpu)) > SLOWEST),
            )
            if bad
        ]
        if failed:
            raise CommandError("; ".join(failed))


def _met(judged: list[Judged]) -> tuple[int, int]:
    whole = sum(len(each.prompt.expected) for each in judged)
    return whole - sum(len(each.missed) + len(each.broken) + len(each.made_up) for each in judged), whole


def _share(judged: list[Judged]) -> str:
    met, whole = _met(judged)
    return f"{met} of {whole} met ({met / whole:.1%}) in {len(judged)} prompts"
