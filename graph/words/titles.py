"""How what a list is called feels: from the words of its title that the list of moods has, and from nothing else of it."""

from __future__ import annotations

from graph.phrases import phrases_of, words_of
from graph.words.lists import Feeling, feelings


def title_feeling(title: str) -> Feeling | None:
    """The middle of the words of mood in ``title``; None where it has none."""
    known = feelings()
    felt = [known[phrase] for phrase in phrases_of(words_of(title), known) if phrase in known]
    if not felt:
        return None
    return Feeling(sum(one.valence for one in felt) / len(felt), sum(one.energy for one in felt) / len(felt))
