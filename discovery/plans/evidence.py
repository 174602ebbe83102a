"""A plan as evidence: its words, tags and artists beside what the viewer permits, one entry each, in the one sum.

Enters: a viewer, a plan and what its names mean. Leaves: `Asked`: the evidence, and which entry is which word. At level OFF
no word counts: what is most popular is the same for everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from django.utils.translation import gettext as _

from accounts.models import PersonalizationLevel, User
from discovery.plans.names import Meant
from discovery.plans.plan import PlaylistPlan
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import KEY_ARTIST, KEY_TAG, KEY_WORD, PermittedEvidence
from discovery.recommend.prompt import SEED_AMOUNT, Word, spoken
from graph.models import ItemKind
from graph.serving.channels import Channel

MOOD_AMOUNT = 2.0  # of the mood, which is one word for all that say something of it
NO_FEELING = (0.0, 0.0)  # what a word asks for beside the plan's mood, which says it once
NO_WORD = "-"  # what is looked up of the mood: it has no meaning but where it lies

Key = tuple[int, int, int]  # channel, key kind and key of an entry


@dataclass(frozen=True, eq=False)
class Asked:
    """What may enter, and the word behind each entry that the plan brought; of its friends those who may be heard."""

    evidence: PermittedEvidence
    said: Mapping[Key, str] = field(default_factory=dict)
    heard: frozenset[int] = frozenset()

    @property
    def level(self) -> PersonalizationLevel:
        return self.evidence.use.level


def evidence_of(viewer: User, plan: PlaylistPlan, meant: Meant) -> Asked:
    """What ``viewer`` permits, with what the plan says. With friends in it, of all friends these alone."""
    permitted = gathering.gather(viewer, ItemKind.TRACK)
    heard = frozenset(
        key for key in meant.friends if (source := permitted.friends.get(key)) is not None and source.named
    )
    if meant.friends:
        permitted = _with_friends(permitted, heard)
    if permitted.use.level == PersonalizationLevel.OFF:
        return Asked(permitted, heard=heard)
    rows, said = _seeds(plan, meant)
    stated = gathering.stated(permitted, rows)
    picked = frozenset((kind, key) for kind, key, _amount, channel in rows if channel is Channel.PICK)
    seeded = gathering.together(permitted, replace(stated, picked=picked))
    words = _words(plan)
    said |= {(Channel.WORD, KEY_WORD, place): word.text for place, word in enumerate(words)}
    return Asked(spoken(seeded, words), said, heard)


def entry_keys(evidence: PermittedEvidence) -> list[Key]:
    """Of each entry, by what the plan's words are found again."""
    columns = (evidence.channel, evidence.key_kind, evidence.key_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _with_friends(permitted: PermittedEvidence, heard: frozenset[int]) -> PermittedEvidence:
    """Of friends' plays those of these friends alone."""
    theirs = np.isin(permitted.friend, sorted(heard))
    kept = permitted.where((permitted.channel != Channel.FRIEND) | theirs)
    return replace(kept, friends={key: source for key, source in permitted.friends.items() if key in heard})


def _seeds(plan: PlaylistPlan, meant: Meant) -> tuple[list[tuple[int, int, float, Channel]], dict[Key, str]]:
    """Rows of what the plan is to be like, and what each was called."""
    rows: list[tuple[int, int, float, Channel]] = []
    said: dict[Key, str] = {}
    artists = [
        (KEY_ARTIST, Channel.PICK, part, key) for part, key in zip(plan.artists, meant.artists, strict=True)
    ]
    tags = [(KEY_TAG, Channel.PROMPT_TAG, part, key) for part, key in zip(plan.tags, meant.tags, strict=True)]
    for kind, channel, part, key in (*artists, *tags):
        if (channel, kind, key) not in said:  # said twice in other words: it counts once
            rows.append((kind, key, SEED_AMOUNT * part.amount, channel))
            said[channel, kind, key] = part.text
    return rows, said


def _words(plan: PlaylistPlan) -> list[Word]:
    """The plan's words, and its mood as one more."""
    words = [Word(part.text, part.means, part.amount, NO_FEELING) for part in plan.words]
    if plan.mood is not None:
        words.append(Word(_("mood"), NO_WORD, MOOD_AMOUNT, (plan.mood.valence, plan.mood.energy)))
    return words
