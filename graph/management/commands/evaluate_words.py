"""manage.py evaluate_words: whether words find the music that people call so, beside BM25, and whether moods are in order."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.management.base import BaseCommand

from graph import snapshot

if TYPE_CHECKING:
    from graph.bench.words import WordQuality


class Command(BaseCommand):
    help = (
        "Takes tag names out of everything, trains, and asks for them; then with the names, and BM25 beside both. "
        "Then whether valence and energy put artists in the order of mood words that were taken out. Trains several times."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--words", type=int, default=100, help="how many tag names are drawn")
        parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="which draws")
        parser.add_argument("--json", type=Path, help="write the figures here")
        parser.add_argument("--markdown", type=Path, help="put the tables between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench.report import WORDS, write_measured
        from graph.bench.words import mood_quality, word_quality

        taken = snapshot.take()
        found = {seed: word_quality(taken, seed=seed, number=options["words"]) for seed in options["seeds"]}
        moods = mood_quality(taken)
        text = "\n".join([*_words(found), "", *_moods(moods)])
        self.stdout.write(text)
        figures = {"words": {seed: asdict(quality) for seed, quality in found.items()}, "moods": moods}
        write_measured(figures, text, WORDS, options)


def _words(found: Mapping[int, WordQuality]) -> Sequence[str]:
    return [
        "| draw | words | names there | × BM25 | names nowhere | × BM25 | what is left |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {seed} | {told.words} | {told.present:.4f} | {told.present / told.bm25_present:.3f} | {told.hidden:.4f} | "
            f"{told.hidden / told.bm25_hidden:.2f} | {told.kept:.3f} |"
            for seed, told in found.items()
        ),
    ]


def _moods(moods: Mapping[str, Mapping[str, float]]) -> Sequence[str]:
    return [
        "| axis | mean AUC | each |",
        "|---|--:|---|",
        *(
            f"| {axis} | {np.mean(list(pairs.values())):.3f} | {', '.join(f'{pair} {auc:.3f}' for pair, auc in pairs.items())} |"
            for axis, pairs in moods.items()
            if pairs
        ),
    ]
