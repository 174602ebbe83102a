"""Who may see or use what of whom. Every such rule stands here, in `hearing` (whose plays reach whom) or, of many people at
once, in `pairs`, and nowhere else.

A rule is a queryset filter (so that it can be asked of everybody in one query); where it is asked with every
request it is compiled too, and where a single case is, a predicate; tests hold them to the same answer. All of
them fail closed: an anonymous or inactive viewer sees nobody, and an inactive listener permits nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery
from accounts.conditions import (
    GUARDED,
    Answers,
    Viewer,
    active_user,
    befriended_with,
    blocked_with,
    granting,
    in_force,
    linked_with,
    unguarded,
)
from accounts.models import Consent, PersonalizationLevel, Purpose, User
from discovery.platform import clock

logger = logging.getLogger(__name__)

# An aggregate below this would tell who is in it. The people of an installation agree to it: it stands in their policy.
SMALLEST_AGGREGATE: int = settings.SMALLEST_AGGREGATE

NOBODY = Q(pk__in=())

# On whose word somebody's device tells what moments are coming (`discovery.moments`).
OCCASIONS = (Purpose.CALENDAR, Purpose.LOCATION)

# The first text that tells of comparisons, models that are tried and measurement. Who said yes to EXPERIMENT by an earlier
# one allowed what radios write down, and none of these. Versions are dates, so that words compare as they do.
EXPERIMENTS_TOLD_SINCE = "2026-11-27"
# The first text that tells what devices say in private aggregates. Who said yes to FEEDBACK by a much earlier one allowed
# what no device did.
FEEDBACK_TOLD_SINCE = "2026-11-29"
# The first text that tells that words of playlists' titles are learned from.
TITLES_TOLD_SINCE = "2026-11-28"
# The first text that tells what leaves for other installations.
PASSED_ON_TOLD_SINCE = "2026-11-29"


def floor(default: int) -> int:
    """How many contributors something needs whose floor is ``default``: no more than people agreed to for counts."""
    return min(default, SMALLEST_AGGREGATE)


@dataclass(frozen=True, slots=True)
class Use:
    """What may enter one answer to one viewer: their level, cut down by what they granted.

    ``own``: own history and feedback; ``friends``: friends' plays (see `accounts.hearing`);
    ``not_used``: purposes that would have entered at this level but are not granted; ``occasion``: on whose word a moment
    may enter. What is not told has nothing that would have entered, so that these stand in ``not_used`` never.
    """

    level: PersonalizationLevel
    own: bool = False
    friends: bool = False
    not_used: tuple[Purpose, ...] = ()
    occasion: tuple[Purpose, ...] = ()


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
    return user.private_until is not None and user.private_until > clock.now()


def played_in_private(user: User, moment: datetime) -> bool:
    """Whether a play that began at ``moment`` may not be kept: a private session ran, or runs, then.

    A play of before that arrives during one is as any other. Players tell whole seconds, so that one begins with its second.
    """
    if user.private_from is None or user.private_until is None:
        return False
    earlier = (map(datetime.fromisoformat, ends) for ends in user.private_before)
    return any(
        begun.replace(microsecond=0) <= moment <= ended
        for begun, ended in ((user.private_from, user.private_until), *earlier)
    )


def experimented_with() -> QuerySet[User]:
    """Who is in experiments and measured now: EXPERIMENT granted by a text that tells of it, and RECORD."""
    told = _told_since(Purpose.EXPERIMENT, EXPERIMENTS_TOLD_SINCE)
    return told.filter(pk__in=permitting(Purpose.RECORD))


def titling_contributors() -> QuerySet[User]:
    """Listeners of whose playlists' titles words may be learned: CONTRIBUTE granted by a text that tells of it."""
    return _told_since(Purpose.CONTRIBUTE, TITLES_TOLD_SINCE)


def _told_since(purpose: Purpose, version: str) -> QuerySet[User]:
    """Who permits ``purpose`` by a text from ``version`` on."""
    told = Consent.objects.filter(
        user=OuterRef("pk"), purpose=purpose, friend=None, policy_version__gte=version
    )
    return permitting(purpose).filter(Exists(told))


def permits_experiments(user: User) -> bool:
    """Whether ``user`` grants EXPERIMENT now, by a text that tells of experiments."""
    return user.is_active and not unguarded(user) and bool(_TOLD_OF_EXPERIMENTS.rows(user))


_TOLD_OF_EXPERIMENTS = CompiledQuery(
    lambda user, now: Consent.objects.filter(
        in_force(now), user=user, friend=None, purpose=Purpose.EXPERIMENT,
        policy_version__gte=EXPERIMENTS_TOLD_SINCE,
    ).values_list("pk"),
    PERSON,
)  # fmt: skip


def permits_feedback(user: User) -> bool:
    """Whether ``user`` grants FEEDBACK now, by a text that tells of it."""
    return _told_since(Purpose.FEEDBACK, FEEDBACK_TOLD_SINCE).filter(pk=user.pk).exists()


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


def passed_on() -> QuerySet[User]:
    """Listeners whose plays may enter sums and models that other installations get: CONTRIBUTE, and THIRD_PARTY by a text that tells of it."""
    return contributors().filter(pk__in=_told_since(Purpose.THIRD_PARTY, PASSED_ON_TOLD_SINCE))


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
        in_force(now),
        Among("user_id", keys),
        friend=None,
        purpose__in=(Purpose.SELF, Purpose.SOCIAL_IN, *OCCASIONS),
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
        occasion=tuple(purpose for purpose in OCCASIONS if purpose in granted)
        if wanted >= PersonalizationLevel.CONTEXT
        else (),
    )


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


def sees(viewer: Viewer, column: str) -> Q:
    """Rows in whose ``column`` somebody stands whom ``viewer`` may see: asked of the row's person, not of everybody there is."""
    return Q(Exists(listeners_visible_to(viewer).filter(pk=OuterRef(column))))


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


def findable_by(viewer: Viewer) -> QuerySet[User]:
    """Whom ``viewer`` may look for by name: discoverable people, friends among them."""
    if (somebody := active_user(viewer)) is None:
        return User.objects.none()
    return discoverable().exclude(Q(pk=somebody.pk) | blocked_with(somebody))


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


def nameable_to(viewer: User, among: Collection[int]) -> frozenset[int]:
    """Keys, of ``among`` these, of people who may be named in ``viewer``'s reasons: oneself, and whose NAMED covers it."""
    return frozenset(pk for (pk,) in _NAMEABLE.rows(viewer, among)) if viewer.is_active else frozenset()


def _nameable(viewer: User, now: datetime | None = None) -> QuerySet[User]:
    theirs = Q(pk=viewer.pk) | granting(Purpose.NAMED, viewer, now)
    return User.objects.filter(listener_visible(viewer, now)).filter(theirs)


_NAMEABLE = CompiledQuery(
    lambda viewer, keys, now: _nameable(viewer, now).filter(Among("pk", keys)).values_list("pk"), PERSON, KEYS
)
