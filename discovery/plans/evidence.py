"""A plan as evidence: its words, tags and artists beside what the viewer permits, one entry each, in the one sum.

Enters: a viewer, a plan and what its names mean. Leaves: `Asked`: the evidence, and which entry is which word. At level OFF
no word counts: what is most popular is the same for everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from accounts.models import PersonalizationLevel, User
from discovery.plans.names import Meant
from discovery.plans.plan import PlaylistPlan
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import KEY_ARTIST, KEY_TAG, PermittedEvidence
from graph.models import ItemKind
from graph.serving.channels import Channel

SEED = 2.0  # of an artist or a tag, as a radio's (`discovery.radio.choose`)

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
    rows, said = _spoken(plan, meant)
    stated = gathering.stated(permitted, rows)
    picked = frozenset((kind, key) for kind, key, _amount, channel in rows if channel is Channel.PICK)
    return Asked(gathering.together(permitted, replace(stated, picked=picked)), said, heard)


def _with_friends(permitted: PermittedEvidence, heard: frozenset[int]) -> PermittedEvidence:
    """Of friends' plays those of these friends alone."""
    theirs = np.isin(permitted.friend, sorted(heard))
    kept = permitted.where((permitted.channel != Channel.FRIEND) | theirs)
    return replace(kept, friends={key: source for key, source in permitted.friends.items() if key in heard})


def _spoken(plan: PlaylistPlan, meant: Meant) -> tuple[list[tuple[int, int, float, Channel]], dict[Key, str]]:
    rows: list[tuple[int, int, float, Channel]] = []
    said: dict[Key, str] = {}
    artists = [
        (KEY_ARTIST, Channel.PICK, part, key) for part, key in zip(plan.artists, meant.artists, strict=True)
    ]
    tags = [(KEY_TAG, Channel.PROMPT_TAG, part, key) for part, key in zip(plan.tags, meant.tags, strict=True)]
    words = [
        (KEY_TAG, Channel.PROMPT_TAG, part, key)
        for part, key in zip(plan.words, meant.tag_of_word, strict=True)
        if key
    ]
    for kind, channel, part, key in (*artists, *tags, *words):
        if (channel, kind, key) not in said:  # said twice in other words: it counts once
            rows.append((kind, key, SEED * part.amount, channel))
            said[channel, kind, key] = part.text
    return rows, said
