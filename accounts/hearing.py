"""Whose plays reach whom: friends as sources, by the mutual rule; who is heard by name, and who in company alone.

Enters: a viewer, and what people granted one another. Leaves: the friends whose plays may shape what the viewer is
shown. As in `policies`, a rule is a queryset filter, compiled where it is asked with every request.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, QuerySet

from accounts import policies
from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery
from accounts.conditions import (
    Viewer,
    active_user,
    befriended_with,
    blocked_with,
    granted_by,
    granting,
    heard_late_by,
    unguarded,
)
from accounts.models import PersonalizationLevel, Purpose, User
from accounts.policies import Use
from discovery.platform import clock

# A friend count below this would tell who the friend is, whatever an installation's people agreed to.
SMALLEST_FRIEND_COUNT = 3
PERIOD = timedelta(weeks=1)  # in which the company of unnamed friends stays as it is


@dataclass(frozen=True, slots=True)
class SocialSource:
    """A friend whose plays may shape the viewer's answer; ``named``: and may be named in it.

    Of one who may not be named, only what ``SMALLEST_FRIEND_COUNT`` such friends each played counts.
    """

    user_id: int
    named: bool


@dataclass(frozen=True, slots=True)
class Sharing:
    """A friend who shares with a viewer; ``wanted``: the viewer wants to hear of them; ``late``: not yet without a name."""

    source: SocialSource
    wanted: bool
    late: bool = False


def social_sources(viewer: Viewer, use: Use | None = None) -> list[SocialSource]:
    """Friends whose plays may reach ``viewer`` now, by id. Two queries; one where ``use`` is given.

    The mutual rule: an accepted friendship ∧ the friend's SOCIAL_OUT covers the viewer ∧ the
    viewer's SOCIAL_IN, in general and of this friend ∧ the viewer's effective level ≥ SOCIAL ∧ no
    block between them. Who may not be named is heard in company only (`heard`).
    """
    somebody = active_user(viewer)
    if somebody is None or not (use or policies.effective_use(somebody)).friends:
        return []
    return heard(sharing_with(somebody), silent=unnamed_silent(somebody))


def sharing_with(viewer: User) -> list[Sharing]:
    """Friends who let ``viewer`` hear of their plays, whether or not ``viewer`` wants to, by id."""
    return [
        Sharing(SocialSource(pk, named=bool(named)), bool(wanted), bool(late))
        for pk, named, wanted, late in _SOURCES.rows(viewer)
    ]


def _sources_of(viewer: User, now: datetime) -> QuerySet[User, tuple[Any, ...]]:
    """The columns of `sharing_with`."""
    asked = {
        "named": granting(Purpose.NAMED, viewer, now),
        "wanted": granted_by(viewer, Purpose.SOCIAL_IN, now),
        "late": heard_late_by(viewer, now),
    }
    people = _open_to(viewer, now).annotate(
        **{name: ExpressionWrapper(condition, BooleanField()) for name, condition in asked.items()}
    )
    return people.order_by("pk").values_list("pk", *asked)


_SOURCES = CompiledQuery(_sources_of, PERSON)


def heard(sharing: Iterable[Sharing], *, silent: bool) -> list[SocialSource]:
    """Of those who share, whom a viewer hears of: who may be named, and the others in company only.

    Friends without a name are heard all together or not at all, and no fewer than ``SMALLEST_FRIEND_COUNT`` of
    them: whoever could leave out a single one would see in the difference what this one plays. For the same reason
    they are ``silent`` for a while where the viewer changed who is among them, and who joins them late is not heard
    before a new period.
    """
    rows = list(sharing)
    unnamed = [friend for friend in rows if not friend.source.named]
    company = [] if silent or not all(friend.wanted for friend in unnamed) else unnamed
    company = [friend for friend in company if not friend.late]
    if len(company) < SMALLEST_FRIEND_COUNT:
        company = []
    return [friend.source for friend in rows if friend in company or (friend.source.named and friend.wanted)]


def unnamed_silent(viewer: User) -> bool:
    """Whether friends without a name are silent for ``viewer``, who changed lately who is among them."""
    return viewer.unnamed_silent_until is not None and viewer.unnamed_silent_until > clock.now()


def period_after_next() -> datetime:
    """When a change that a viewer made may show: at the beginning of a week, one to two weeks away."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday()) + 2 * PERIOD


def source_keys(viewer: User) -> tuple[list[int], list[int]]:
    """The keys of `named_sources` and of `unnamed_sources`; one query."""
    sharing = sharing_with(viewer)
    unnamed = [friend for friend in sharing if not friend.source.named]
    silent = unnamed_silent(viewer) or not all(friend.wanted for friend in unnamed)
    return (
        [friend.source.user_id for friend in sharing if friend.source.named and friend.wanted],
        [friend.source.user_id for friend in unnamed if not (silent or friend.late)],
    )


def named_sources(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    """Friends whose plays ``viewer`` may be told of by name, whatever the viewer's level."""
    return _telling(viewer, now)


def unnamed_sources(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    """Friends without a name of whom `heard` lets ``viewer`` hear where there are enough, whatever the viewer's level."""
    now = now or clock.now()
    unnamed = _open_to(viewer, now).exclude(granting(Purpose.NAMED, viewer, now))
    left_out = unnamed.exclude(granted_by(viewer, Purpose.SOCIAL_IN, now))
    silent = User.objects.filter(pk=viewer.pk, unnamed_silent_until__gt=now)
    return unnamed.exclude(heard_late_by(viewer, now)).exclude(Exists(left_out)).exclude(Exists(silent))


def activity_sources(viewer: User) -> list[int]:
    """Keys of the friends whose plays and likes ``viewer`` may be told of by name: the mutual rule, and their NAMED."""
    return [pk for (pk,) in _TELLING.rows(viewer)] if policies.effective_use(viewer).friends else []


def _telling(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    return _sharing_with(viewer, now).filter(granting(Purpose.NAMED, viewer, now))


_TELLING = CompiledQuery(lambda viewer, now: _telling(viewer, now).order_by("pk").values_list("pk"), PERSON)


def told_by(source: User) -> list[int]:
    """Keys of the friends whom ``source`` lets know of their plays and likes, by name: the source's part of `activity_sources`."""
    return [pk for (pk,) in _TOLD.rows(source)] if source.is_active and not unguarded(source) else []


def _told(source: User, now: datetime | None = None) -> QuerySet[User]:
    return User.objects.filter(
        befriended_with(source),
        granted_by(source, Purpose.SOCIAL_OUT, now),
        granted_by(source, Purpose.NAMED, now),
        is_active=True,
    ).exclude(blocked_with(source))


_TOLD = CompiledQuery(lambda source, now: _told(source, now).order_by("pk").values_list("pk"), PERSON)


def companions_of(viewer: User, among: Collection[int]) -> list[User]:
    """Friends, of those with keys ``among`` these, with whom ``viewer`` may look at both tastes side by side, by name.

    The mutual rule in both directions, and the friend's NAMED towards the viewer. Who compares
    themselves with somebody shows as much as they see.
    """
    if not among or unguarded(viewer) or not policies.effective_use(viewer).friends:
        return []
    return _COMPARING.instances(viewer, among)


def _comparing(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    return _telling(viewer, now).filter(
        granting(Purpose.SELF, now=now),
        granting(Purpose.SOCIAL_IN, now=now),
        granting(Purpose.SOCIAL_IN, viewer, now),
        granted_by(viewer, Purpose.SOCIAL_OUT, now),
        level__in=(PersonalizationLevel.SOCIAL, PersonalizationLevel.CONTEXT),
    )


_COMPARING = CompiledQuery(
    lambda viewer, keys, now: _comparing(viewer, now).filter(Among("pk", keys)).order_by("pk"), PERSON, KEYS
)


def _sharing_with(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    """Friends whose SOCIAL_OUT covers ``viewer`` and of whom ``viewer`` wants to hear: each pair's part of the rule."""
    return _open_to(viewer, now).filter(granted_by(viewer, Purpose.SOCIAL_IN, now))


def _open_to(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    """Friends whose SOCIAL_OUT covers ``viewer``, whether or not ``viewer`` wants to hear of them."""
    return User.objects.filter(
        granting(Purpose.SOCIAL_OUT, viewer, now),
        befriended_with(viewer),
        is_active=True,
    ).exclude(blocked_with(viewer))
