"""How a model changes its state: which moves there are, and the one function that makes one and writes down who and why.

    birth → CANDIDATE → SHADOW → CANARY → ACTIVE → RETIRED, and STOPPED from wherever it is tried or serves

One of a kind is ACTIVE, and at most one is tried (SHADOW or CANARY). What else is versioned goes by the same table.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform import clock
from discovery.platform.errors import Conflict
from graph.models import ModelEvent, ModelVersion

logger = logging.getLogger(__name__)

State = ModelVersion.State

# Who may have moved a model, where it was no operator.
CLOCK, WATCH, TRAINING, COMMAND = "clock", "watch", "training", "command"
STAFF = "staff:"  # and the pseudonym of whoever it was
SOMEBODY = "staff"  # who is erased by now

BORN = ""
TRIED = (State.SHADOW, State.CANARY)
WAITING = (State.CANDIDATE, *TRIED)  # has not served everybody yet, and may
MOVES: Mapping[str, frozenset[str]] = {
    BORN: frozenset({State.CANDIDATE, State.ACTIVE, State.REJECTED}),
    State.CANDIDATE: frozenset({State.SHADOW, State.CANARY, State.ACTIVE, State.STOPPED, State.RETIRED}),
    State.SHADOW: frozenset({State.CANARY, State.ACTIVE, State.STOPPED, State.RETIRED}),
    State.CANARY: frozenset({State.SHADOW, State.ACTIVE, State.STOPPED, State.RETIRED}),
    State.ACTIVE: frozenset({State.RETIRED, State.DAMAGED, State.STOPPED}),
    State.RETIRED: frozenset({State.SHADOW, State.CANARY, State.ACTIVE}),
    State.DAMAGED: frozenset({State.SHADOW, State.CANARY, State.ACTIVE}),
    State.STOPPED: frozenset({State.SHADOW, State.CANARY, State.ACTIVE}),
    State.REJECTED: frozenset(),
}


def may_move(was: str, becomes: str) -> bool:
    """Whether a model that is ``was`` (``BORN``: that is made now) may become ``becomes``."""
    return becomes in MOVES[was]


def pointer_hold() -> None:
    """Until the transaction ends nobody else moves a model: who publishes, heals, stops or goes back waits here, in one order."""
    served = ModelVersion.objects.select_for_update().exclude(state=State.REJECTED)
    list(served.order_by("pk").values_list("pk"))


def version_move(
    version: ModelVersion,
    becomes: State,
    *,
    who: str,
    why: str = "",
    share: float = 0.0,
    leaving: State = State.RETIRED,
) -> None:
    """Let ``version`` become ``becomes``. Inside a transaction that holds the pointer.

    With ACTIVE, whatever served becomes ``leaving``, and what was made before this one and is still tried ends, for it would serve what
    is older. ``share``: whom a canary serves. Raises Conflict (MODEL_MOVE) where there is no such move.
    """
    was = BORN if version._state.adding else version.state  # noqa: SLF001  # Django documents it
    if not may_move(was, becomes):
        raise Conflict(
            _("A model that is %(was)s does not become %(becomes)s.") % {"was": was, "becomes": becomes},
            code="MODEL_MOVE",
        )
    if becomes == State.ACTIVE:
        _make_way(version, leaving, who)
    now = clock.now()
    version.state, version.share = becomes, share if becomes == State.CANARY else 0.0
    version.staged_at = now if becomes in WAITING else None
    if becomes == State.ACTIVE:
        version.activated_at, version.damaged_at, version.damage = now, None, ""
    version.save(force_insert=was == BORN)
    ModelEvent.objects.create(model=version.pk, was=was, became=becomes, who=who, why=why, at=now)
    if was != BORN:
        logger.warning("model %s was %s and is %s (%s): %s", version.pk, was, becomes, who, why or "-")


def _make_way(version: ModelVersion, leaving: State, who: str) -> None:
    for served in ModelVersion.objects.filter(kind=version.kind, state=State.ACTIVE):
        version_move(served, leaving, who=who, why=f"{version.pk} serves in its place")
    waiting = ModelVersion.objects.filter(kind=version.kind, state__in=WAITING).exclude(pk=version.pk)
    born = None if version._state.adding else version.created_at  # noqa: SLF001  # Django documents it
    for older in waiting.filter(created_at__lt=born) if born else waiting:
        version_move(older, State.RETIRED, who=who, why=f"{version.pk}, made later, serves")


def staff_name(user: User) -> str:
    """How an event names whoever of the staff made a move."""
    return f"{STAFF}{user.pseudonym}"


def who_were(names: Collection[str]) -> dict[str, str]:
    """What to call those whom events name: the handle that somebody of the staff has now, and all others as they stand."""
    keys = {}
    for name in names:
        if name.startswith(STAFF):
            keys[uuid.UUID(name.removeprefix(STAFF))] = name
    handles = dict(User.objects.filter(pseudonym__in=keys).values_list("pseudonym", "username"))
    called = {name: handles.get(key, SOMEBODY) for key, name in keys.items()}
    return {name: called.get(name, name) for name in names}


def staff_forget(user: User) -> None:
    """Of whoever is erased, events say no more than that it was somebody of the staff."""
    ModelEvent.objects.filter(who=staff_name(user)).update(who=SOMEBODY)
