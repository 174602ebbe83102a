"""Words as evidence: of a prompt, and of an occasion. Each is one entry of the sum, so that one struck out takes its own term along.

What a word means is the model's matter (`graph.words.sense`); whether words may be used, the level's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import PersonalizationLevel, User
from accounts.presentation import Ref, nodes_shown
from discovery.recommend.evidence import (
    KEY_ARTIST,
    KEY_ITEM,
    KEY_OCCASION,
    KEY_TAG,
    KEY_WORD,
    PermittedEvidence,
    stated,
    together,
)
from graph.histories import NOTHING_EXCLUDED, excluded_items
from graph.models import ItemKind
from graph.phrases import STOP_WORDS, phrases_of, words_of
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex
from graph.words.lists import Feeling
from graph.words.sense import Known, Phrase, sense_of

MOST_WORDS = 24  # of one request
MOST_SEEDS = 10
MOST_LETTERS = 500
SEED_AMOUNT = 3.0  # picks that one seed counts as: it was asked for


@dataclass(frozen=True)
class Word:
    """A word or words that somebody said.

    ``means``: what it is looked up as, in English; ``amount``: how much it counts, below zero for what is not wanted; ``axis``: the
    valence and energy that are asked for, from -1 to 1, where these are not the word's own; ``occasion``: of a moment, and not of a prompt.
    """

    text: str
    means: str = ""
    amount: float = 1.0
    axis: tuple[float, float] | None = None
    occasion: bool = False

    @property
    def phrase(self) -> Phrase:
        """What the model is asked."""
        return Phrase(self.means or self.text, None if self.axis is None else Feeling(*self.axis))


def spoken(permitted: PermittedEvidence, words: Sequence[Word]) -> PermittedEvidence:
    """``permitted`` and these ``words``, one entry each; without them at level OFF, which is the same for everybody."""
    if not words or permitted.use.level == PersonalizationLevel.OFF:
        return permitted
    begun = len(permitted.words)
    rows = [
        (KEY_OCCASION if word.occasion else KEY_WORD, begun + place, word.amount, Channel.WORD)
        for place, word in enumerate(words)
    ]
    return replace(together(permitted, stated(permitted, rows)), words=(*permitted.words, *words))


def begun_from(
    viewer: User, permitted: PermittedEvidence, seeds: Sequence[Ref], *, amount: float = SEED_AMOUNT
) -> PermittedEvidence:
    """``permitted`` and the tracks, artists and tags that somebody begins from, as far as they may see these; OFF is without."""
    if not seeds or permitted.use.level == PersonalizationLevel.OFF:
        return permitted
    shown = dict(nodes_shown(viewer, seeds))
    if permitted.kind is ItemKind.ARTIST and any(ref.kind == "Track" for ref in seeds):
        # Of a track that they leave out they said nothing, and so nothing of who made it.
        left_out = excluded_items([viewer.pk], ItemKind.TRACK).get(viewer.pk, NOTHING_EXCLUDED)
        shown = {
            ref: node for ref, node in shown.items() if ref.kind != "Track" or ref.id not in left_out.items
        }
    rows = [_seed(ref, shown[ref], permitted.kind, amount) for ref in seeds if ref in shown]
    picked = frozenset((key_kind, key) for key_kind, key, _amount, _channel in rows)
    return together(permitted, replace(stated(permitted, rows), picked=picked))


def _seed(ref: Ref, node: Any, kind: ItemKind, amount: float) -> tuple[int, int, float, Channel]:
    """Key kind, key, amount and channel."""
    match ref.kind, kind:
        case "Tag", _:
            return KEY_TAG, ref.id, amount, Channel.PROMPT_TAG
        case "Artist", ItemKind.TRACK:
            return KEY_ARTIST, ref.id, amount, Channel.PICK
        case "Track", ItemKind.ARTIST:
            return KEY_ITEM, node.artist_id, amount, Channel.PICK
        case _:
            return KEY_ITEM, ref.id, amount, Channel.PICK


def words_said(text: str, index: ItemIndex) -> tuple[list[Word], list[str]]:
    """The words of a text that ``index`` knows something of, the longest phrases first; and those that it does not."""
    sense, known, unknown = sense_of(index), [], []
    for phrase in phrases_of(words_of(text), sense.phrases):
        if phrase in STOP_WORDS:
            continue
        if says_something(sense.known(Phrase(phrase))):
            known.append(Word(phrase))
        else:
            unknown.append(phrase)
    return known[:MOST_WORDS], unknown


def says_something(known: Known) -> bool:
    """Whether a model can make anything of a word."""
    return bool(known.by_vector or known.items_called or known.feeling)
