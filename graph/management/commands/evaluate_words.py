"""manage.py evaluate_words: whether words find the music that people call so, beside BM25, and whether moods are in order."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand

from graph import snapshot


class Command(BaseCommand):
    help = (
        "Takes tag names out of everything, trains, and asks for them; then with the names, and BM25 beside both. "
        "Then whether valence and energy put artists in the order of mood words that were taken out. Trains several times."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--words", type=int, default=100, help="how many tag names are drawn")
        parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="which draws")

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.bench.words import mood_quality, word_quality

        taken = snapshot.take()
        for seed in options["seeds"]:
            told = word_quality(taken, seed=seed, number=options["words"])
            self.stdout.write(
                f"seed {seed}, {told.words} words, NDCG@20: names there {told.present:.4f} "
                f"({told.present / told.bm25_present:.3f} × BM25, {told.bm25_present:.4f}); names nowhere {told.hidden:.4f} "
                f"({told.hidden / told.bm25_hidden:.2f} × BM25, {told.bm25_hidden:.4f}), {told.kept:.3f} of it is left"
            )
        for axis, pairs in mood_quality(taken).items():
            mean = f"{np.mean(list(pairs.values())):.3f}" if pairs else "nobody is called so"
            each = ", ".join(f"{pair} {auc:.3f}" for pair, auc in pairs.items())
            self.stdout.write(f"{axis}: AUC {mean} ({each})")
