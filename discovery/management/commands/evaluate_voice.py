"""``evaluate_voice``: a hundred spoken commands and two hundred other sentences, said by a machine, with noise."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from discovery.voice.evaluation import LAST, TUNED, report, sentences_read, trials


class Command(BaseCommand):
    help = "How many spoken commands are understood, and how many other sentences are taken for one. Needs espeak-ng."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--noise", type=int, nargs="+", default=[20, 10, 5], metavar="DB")
        parser.add_argument("--color", choices=["pink", "white"], default="pink")
        parser.add_argument("--part", choices=[TUNED, LAST], help="only these sentences")
        parser.add_argument("--wrong", action="store_true", help="also list what went wrong")
        parser.add_argument("--every", type=int, default=1, help="only each so manieth sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = [options["part"]] if options["part"] else [TUNED, LAST]
        chosen = [one for one in sentences_read() if one.part in parts][:: options["every"]]
        done = list(
            trials(
                chosen,
                options["noise"],
                color=options["color"],
                progress=lambda: self.stderr.write(".", ending=""),
            )
        )
        self.stderr.write("")
        self.stdout.write(report(done))
        if options["wrong"]:
            for one in done:
                if (one.acted and not one.right) or (one.sentence.intent and not one.right):
                    said = one.answer.intent or "nothing"
                    self.stdout.write(f"{one.decibels} dB: “{one.sentence.words}” was {said}")
