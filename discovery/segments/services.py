"""What kinds of listener somebody is, asked at this moment; and refusing to be one. Nothing of it is stored but the refusal."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.compiled_query import PERSON, CompiledQuery
from accounts.intake import deliberate
from accounts.models import PersonalizationLevel, User
from accounts.policies import effective_use
from accounts.services.ledger import epoch_raise
from discovery.models import SegmentRefusal
from discovery.segments.habits import habits, weeks_of
from discovery.segments.kinds import Defaults, Judged, SegmentKind, defaults_of, judged


@dataclass(frozen=True)
class Segments:
    """What somebody is taken for, and what they refused to be taken for."""

    judged: list[Judged]
    refused: list[SegmentKind]


def segments_of(user: User, level: PersonalizationLevel | None = None) -> Segments:
    """By what ``user`` permits at most at ``level``: none without SELF, or below OWN."""
    known = set(SegmentKind)
    refused = sorted(SegmentKind(key) for (key,) in _REFUSED.rows(user) if key in known)
    if not effective_use(user, level).own or len(refused) == len(known):
        return Segments([], refused)
    return Segments(judged(habits(weeks_of(user)), refused), refused)


_REFUSED = CompiledQuery(
    lambda user, _now: SegmentRefusal.objects.filter(user=user).values_list("segment"), PERSON
)


def defaults_for(user: User, level: PersonalizationLevel | None = None) -> Defaults:
    """What is done for ``user`` where they say nothing of variety and length."""
    return defaults_of(segments_of(user, level).judged)


@transaction.atomic
def segment_refuse(*, user: User, kind: SegmentKind, refused: bool) -> None:
    """From the next request on ``user`` is not taken for ``kind``, or may be again. Saying the same twice changes nothing."""
    act = deliberate(user)
    theirs = SegmentRefusal.objects.filter(user=user)
    if refused:
        with act.write():
            changed = theirs.get_or_create(user=user, segment=kind, defaults={"refused_at": act.moment})[1]
    else:
        changed = bool(theirs.filter(segment=kind).delete()[0])
    if changed:
        epoch_raise([user.pk])
