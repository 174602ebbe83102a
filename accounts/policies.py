"""Who may see or use what of whom. Every such rule stands here (of many people at once: in `pairs`) and nowhere else.

A rule is a queryset filter (so that it can be asked of everybody in one query); where it is asked with every
request it is compiled too, and where a single case is, a predicate; tests hold them to the same answer. All of
them fail closed: an anonymous or inactive viewer sees nobody, and an inactive listener permits nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import BooleanField, Exists, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery
from accounts.conditions import (
    GUARDED,
    Answers,
    Viewer,
    active_user,
    befriended_with,
    blocked_with,
    granted_by,
    granting,
    heard_late_by,
    in_force,
    linked_with,
    unguarded,
)
from accounts.models import Consent, PersonalizationLevel, Purpose, User

logger = logging.getLogger(__name__)

# A friend count below this would tell who the friend is, whatever an installation's people agreed to.
SMALLEST_FRIEND_COUNT = 3
# An aggregate below this would tell who is in it. The people of an installation agree to it: it stands in their policy.
SMALLEST_AGGREGATE: int = settings.SMALLEST_AGGREGATE
PERIOD = timedelta(weeks=1)  # in which the company of unnamed friends stays as it is

NOBODY = Q(pk__in=())


def floor(default: int) -> int:
    """How many contributors something needs whose floor is ``default``: no more than people agreed to for counts."""
    return min(default, SMALLEST_AGGREGATE)


@dataclass(frozen=True, slots=True)
class Use:
    """What may enter one answer to one viewer: their level, cut down by what they granted.

    ``own``: own history and feedback; ``friends``: friends' plays (see ``social_sources``);
    ``not_used``: purposes that would have entered at this level but are not granted.
    """

    level: PersonalizationLevel
    own: bool = False
    friends: bool = False
    not_used: tuple[Purpose, ...] = ()


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


# --- purposes -------------------------------------------------------------------------------


def permitting(purpose: Purpose, friend: User | None = None) -> QuerySet[User]:
    """Active listeners who permit ``purpose`` (towards ``friend``, where one is given)."""
    return User.objects.filter(granting(purpose, friend), is_active=True)


def permits(user: Viewer, purpose: Purpose, friend: User | None = None) -> bool:
    """Whether ``user`` permits ``purpose`` (towards ``friend``) now; as ``permitting``, for one person."""
    somebody = active_user(user)
    if somebody is None or (purpose in GUARDED and unguarded(somebody)):
        return False
    rows = Consent.objects.filter(user=somebody, purpose=purpose).filter(Q(friend=None) | Q(friend=friend))
    return Answers(rows).permit(somebody.pk, purpose, friend.pk if friend else None)


def in_private_session(user: User) -> bool:
    """Whether nothing that ``user`` plays may be kept or logged now."""
    return user.private_until is not None and user.private_until > timezone.now()


def played_in_private(user: User, moment: datetime) -> bool:
    """Whether a play that began at ``moment`` may not be kept: a private session ran, or runs, then.

    A play of before that arrives during one is as any other.
    """
    if user.private_from is None or user.private_until is None:
        return False
    earlier = (map(datetime.fromisoformat, ends) for ends in user.private_before)
    return any(
        begun <= moment <= ended for begun, ended in ((user.private_from, user.private_until), *earlier)
    )


def granted_purposes(user: User) -> frozenset[Purpose]:
    """Every purpose ``user`` grants in general, in one query."""
    granted = frozenset(Purpose(value) for (value,) in _GRANTED.rows(user))
    return granted - GUARDED if unguarded(user) else granted


_GRANTED = CompiledQuery(
    lambda user, now: Consent.objects.filter(in_force(now), user=user, friend=None).values_list("purpose"),
    PERSON,
)


def contributors() -> QuerySet[User]:
    """Listeners whose plays may train models and enter counts."""
    return permitting(Purpose.CONTRIBUTE)


def discoverable() -> QuerySet[User]:
    """Listeners whom strangers may find."""
    return permitting(Purpose.DISCOVERABLE)


# --- levels ---------------------------------------------------------------------------------


def effective_use(viewer: Viewer, level: PersonalizationLevel | None = None) -> Use:
    """What may enter an answer to ``viewer`` now: level ∧ purposes.

    ``level`` can ask for less than the viewer's own level, never for more; in a private session friends stay
    out, so that nobody has to be told of what is heard in it. Where the consent state cannot be read the answer is OFF: recommendations fail soft, consent fails closed.
    """
    if (somebody := active_user(viewer)) is None:
        return Use(PersonalizationLevel.OFF)
    try:
        own_level = _level_now(somebody)
        wanted = own_level if level is None else min(PersonalizationLevel(level), own_level)
        granted = granted_purposes(somebody) if wanted > PersonalizationLevel.BASIC else frozenset()
    except (DatabaseError, ValueError):
        logger.exception(
            "The consent state of listener %s cannot be read; using nothing of theirs", somebody.pk
        )
        return Use(PersonalizationLevel.OFF)
    return cut_down(wanted, granted)


def _level_now(user: User) -> PersonalizationLevel:
    level = PersonalizationLevel(user.level)
    return min(level, PersonalizationLevel.OWN) if in_private_session(user) else level


def effective_uses(viewers: Sequence[User], level: PersonalizationLevel | None = None) -> list[Use]:
    """``effective_use`` of each viewer, in their order; one query for many."""
    if len(viewers) == 1:
        return [effective_use(viewers[0], level)]
    granted = defaultdict(set)
    for user_id, purpose in _GRANTED_BY.rows([viewer.pk for viewer in viewers]):
        granted[user_id].add(Purpose(purpose))
    return [
        cut_down(
            _level_now(viewer) if level is None else min(PersonalizationLevel(level), _level_now(viewer)),
            granted[viewer.pk],
        )
        if viewer.is_active
        else Use(PersonalizationLevel.OFF)
        for viewer in viewers
    ]


_GRANTED_BY = CompiledQuery(
    lambda keys, now: Consent.objects.filter(
        in_force(now), Among("user_id", keys), friend=None, purpose__in=(Purpose.SELF, Purpose.SOCIAL_IN)
    ).values_list("user_id", "purpose"),
    KEYS,
)


def cut_down(wanted: PersonalizationLevel, granted: Collection[Purpose]) -> Use:
    """A level without what is not ``granted``."""
    entering = [Purpose.SELF] if wanted >= PersonalizationLevel.OWN else []
    if wanted >= PersonalizationLevel.SOCIAL:
        entering.append(Purpose.SOCIAL_IN)
    not_used = tuple(purpose for purpose in entering if purpose not in granted)
    if Purpose.SELF in not_used:  # no profile is kept, and friends' plays are no way around that
        return Use(PersonalizationLevel.BASIC, not_used=not_used)
    return Use(
        wanted,
        own=Purpose.SELF in entering,
        friends=Purpose.SOCIAL_IN in entering and Purpose.SOCIAL_IN in granted,
        not_used=not_used,
    )


# --- friends as sources: the mutual rule ----------------------------------------------------


def social_sources(viewer: Viewer, use: Use | None = None) -> list[SocialSource]:
    """Friends whose plays may reach ``viewer`` now, by id. Two queries; one where ``use`` is given.

    The mutual rule: an accepted friendship ∧ the friend's SOCIAL_OUT covers the viewer ∧ the
    viewer's SOCIAL_IN, in general and of this friend ∧ the viewer's effective level ≥ SOCIAL ∧ no
    block between them. Who may not be named is heard in company only (`heard`).
    """
    somebody = active_user(viewer)
    if somebody is None or not (use or effective_use(somebody)).friends:
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
    return viewer.unnamed_silent_until is not None and viewer.unnamed_silent_until > timezone.now()


def period_after_next() -> datetime:
    """When a change that a viewer made may show: at the beginning of a week, one to two weeks away."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
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
    now = now or timezone.now()
    unnamed = _open_to(viewer, now).exclude(granting(Purpose.NAMED, viewer, now))
    left_out = unnamed.exclude(granted_by(viewer, Purpose.SOCIAL_IN, now))
    silent = User.objects.filter(pk=viewer.pk, unnamed_silent_until__gt=now)
    return unnamed.exclude(heard_late_by(viewer, now)).exclude(Exists(left_out)).exclude(Exists(silent))


def activity_sources(viewer: User) -> list[int]:
    """Keys of the friends whose plays and likes ``viewer`` may be told of by name: the mutual rule, and their NAMED."""
    return [pk for (pk,) in _TELLING.rows(viewer)] if effective_use(viewer).friends else []


def _telling(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    return _sharing_with(viewer, now).filter(granting(Purpose.NAMED, viewer, now))


_TELLING = CompiledQuery(lambda viewer, now: _telling(viewer, now).order_by("pk").values_list("pk"), PERSON)


def companions_of(viewer: User, among: Collection[int]) -> list[User]:
    """Friends, of those with keys ``among`` these, with whom ``viewer`` may look at both tastes side by side, by name.

    The mutual rule in both directions, and the friend's NAMED towards the viewer. Who compares
    themselves with somebody shows as much as they see.
    """
    if not among or unguarded(viewer) or not effective_use(viewer).friends:
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


# --- people ---------------------------------------------------------------------------------


def listener_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    """Oneself, one's children, friends, people with a request between us, the discoverable; never across a block."""
    if (somebody := active_user(viewer)) is None:
        return NOBODY
    near = (
        Q(pk=somebody.pk)
        | Q(guardian=somebody)
        | linked_with(somebody)
        | granting(Purpose.DISCOVERABLE, now=now)
    )
    return Q(near, is_active=True) & ~blocked_with(somebody)


def listeners_visible_to(viewer: Viewer) -> QuerySet[User]:
    """Everybody whom ``viewer`` may see: `listener_visible`."""
    return User.objects.filter(listener_visible(viewer))


def friends_of(viewer: Viewer) -> QuerySet[User]:
    """People with whom ``viewer`` has an accepted friendship."""
    if (somebody := active_user(viewer)) is None:
        return User.objects.none()
    return User.objects.filter(befriended_with(somebody), is_active=True).exclude(blocked_with(somebody))


def friend_keys(viewer: User) -> frozenset[int]:
    """The keys of `friends_of`."""
    return frozenset(pk for (pk,) in _FRIENDS.rows(viewer)) if viewer.is_active else frozenset()


_FRIENDS = CompiledQuery(lambda viewer, _now: friends_of(viewer).values_list("pk"), PERSON)


def suggestible_to(viewer: Viewer) -> QuerySet[User]:
    """Discoverable people who are not yet linked with ``viewer`` in any way."""
    if (somebody := active_user(viewer)) is None:
        return User.objects.none()
    return discoverable().exclude(Q(pk=somebody.pk) | linked_with(somebody) | blocked_with(somebody))


def bridges_for(viewer: Viewer) -> QuerySet[User]:
    """Friends through whom ``viewer`` may be shown other people, and be shown to them.

    Friends-of-friends need DISCOVERABLE from both ends and the bridge: the viewer and the bridge
    are checked here, the other end by ``suggestible_to``.
    """
    if not permits(viewer, Purpose.DISCOVERABLE):
        return User.objects.none()
    return friends_of(viewer).filter(granting(Purpose.DISCOVERABLE))


def bridges_between(viewer: Viewer, other: User) -> QuerySet[User]:
    """Friends through whom ``viewer`` may be shown that they are near ``other``, a friend of the friend."""
    if not suggestible_to(viewer).filter(pk=other.pk).exists():
        return User.objects.none()
    return bridges_for(viewer).filter(befriended_with(other)).exclude(blocked_with(other))


def comparable_with(viewer: Viewer) -> QuerySet[User]:
    """Strangers who may be found and whose taste a model may hold: DISCOVERABLE and CONTRIBUTE."""
    return suggestible_to(viewer).filter(granting(Purpose.CONTRIBUTE))


def nameable_to(viewer: User, among: Collection[int]) -> frozenset[int]:
    """Keys, of ``among`` these, of people who may be named in ``viewer``'s reasons: oneself, and whose NAMED covers it."""
    return frozenset(pk for (pk,) in _NAMEABLE.rows(viewer, among)) if viewer.is_active else frozenset()


def _nameable(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    theirs = Q(pk=viewer.pk) | granting(Purpose.NAMED, viewer, now)
    return User.objects.filter(listener_visible(viewer, now)).filter(theirs)


_NAMEABLE = CompiledQuery(
    lambda viewer, keys, now: _nameable(viewer, now).filter(Among("pk", keys)).values_list("pk"), PERSON, KEYS
)
