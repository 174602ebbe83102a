"""The one gate for what is kept of a person.

*Observed* is what people do not put down themselves: plays, skips, what a radio chose for them. It is kept only where
RECORD is granted (and whatever else it rests on), where its own moment lies in no private session, and within a quota.
*Deliberate* is what they put down: playlists, notes, votes. It needs no RECORD; in a private session votes are refused
and the rest keeps no moment.

Models whose rows are one or the other are `Gated`: their rows are written through an `Observer` or a `Deliberation`,
and past them not at all. Whoever opens one is in a transaction and holds the lock on the person's row, so that a
withdrawal waits, or is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Purpose, User
from discovery.platform import clock
from discovery.platform.errors import Conflict, ConsentMissing, LimitExceeded, PastTheGate

Row = TypeVar("Row", bound=models.Model)

_open: ContextVar[bool] = ContextVar("the gate is open", default=False)


# --- what is observed -----------------------------------------------------------------------


class Observer:
    """Lets what was observed of one person in. Made by `observe`."""

    def __init__(self, user: User) -> None:
        self.user = user  # as stored, locked

    def ensure_public(self, moment: datetime) -> None:
        """Raises Conflict (PRIVATE_SESSION) where ``moment`` lies in a private session of the person."""
        if policies.played_in_private(self.user, moment):
            raise Conflict(_("This was played in a private session."), code="PRIVATE_SESSION")

    def keep(self, rows: Iterable[Row], *, at: str) -> list[Row]:
        """Store new rows; the column ``at`` says when each was observed."""
        fresh = list(rows)
        for row in fresh:
            self.ensure_public(getattr(row, at))
        return _stored(fresh, [self.user.pk])

    def bring(self, row: models.Model, *, at: str, fields: Sequence[str]) -> None:
        """Store what is now known of a row that was kept before."""
        self.ensure_public(getattr(row, at))
        with _opened():
            row.save(update_fields=fields)

    def put(self, model: type[Row], *, at: datetime, defaults: dict[str, Any], **lookup: Any) -> Row:
        """Store one row, or bring it up to date, as observed ``at`` this moment."""
        self.ensure_public(at)
        with _opened():
            row, _created = model._default_manager.update_or_create(  # noqa: SLF001  # Django documents it
                user=self.user, **lookup, defaults=defaults
            )
        return row


def observe(
    user: User, *, also: Collection[Purpose] = (), quantity: int = 1, most: int | None = None
) -> Observer:
    """The gate for ``quantity`` observations of ``user``, of which at most ``most`` come in at once.

    Raises LimitExceeded beyond ``most``, and ConsentMissing where RECORD, or one of ``also``, is not granted, or where
    nothing of theirs is kept here (ON_DEVICE_ONLY).
    """
    if most is not None and quantity > most:
        raise LimitExceeded(_("At most %(most)d plays are taken at once.") % {"most": most}, field="input")
    stored = User.objects.select_for_update().get(pk=user.pk)
    ensure_kept_here(stored)
    granted = policies.granted_purposes(stored) if stored.is_active else frozenset()
    for purpose in (Purpose.RECORD, *also):
        if purpose not in granted:
            raise ConsentMissing(_("Recording of plays is not granted."), field=purpose.value)
    return Observer(stored)


def may_observe(user: User, *, also: Collection[Purpose] = ()) -> bool:
    """Whether something that happens now would be kept; for what is left out without a word where it would not."""
    granted = policies.granted_purposes(user) if user.is_active else frozenset()
    kept = granted.issuperset({Purpose.RECORD, *also}) and user.on_device_since is None
    return kept and not policies.in_private_session(user)


def ensure_kept_here(user: User) -> None:
    """Raises ConsentMissing (ON_DEVICE_ONLY) where what ``user`` plays and says of music is kept on their device alone."""
    if user.on_device_since is not None:
        raise ConsentMissing(
            _("What you play is kept on your own device only, and not here."), code="ON_DEVICE_ONLY"
        )


def observed_keep(
    rows: Sequence[Row], *, people: Collection[int], ignore_conflicts: bool = False
) -> list[Row]:
    """Store rows about several ``people`` (keys), of whom `observable` said so in the same transaction."""
    return _stored(rows, people, ignore_conflicts=ignore_conflicts)


def observable(people: Collection[int] | None = None) -> frozenset[int]:
    """Keys of those (of these, or of everybody) whose plays may be kept, whenever they were played. One query."""
    rows = policies.permitting(Purpose.RECORD).filter(on_device_since=None)
    return frozenset((rows if people is None else rows.filter(pk__in=people)).values_list("pk", flat=True))


# --- what is put down -----------------------------------------------------------------------


class Deliberation:
    """Lets what one person puts down in. Made by `deliberate`."""

    def __init__(self, user: User) -> None:
        self.user = user  # as stored, locked
        self.private = policies.in_private_session(user)

    @property
    def moment(self) -> datetime | None:
        """The time to keep with it: none in a private session."""
        return None if self.private else clock.now()

    @property
    def about_when(self) -> datetime:
        """The moment, or in a private session the day's beginning: for what has to have an end by the clock."""
        return self.moment or clock.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def ensure_vote(self) -> None:
        """Raises Conflict (PRIVATE_SESSION) in a private session: a vote tells what is heard now.

        Raises ConsentMissing (ON_DEVICE_ONLY) where nothing of what they say of music is kept here.
        """
        ensure_kept_here(self.user)
        if self.private:
            raise Conflict(_("This was said in a private session."), code="PRIVATE_SESSION")

    def write(self) -> Any:
        """A context in which rows of gated models are written as this person's act."""
        return _opened()


def deliberate(user: User) -> Deliberation:
    """The gate for what ``user`` puts down now."""
    return Deliberation(User.objects.select_for_update().get(pk=user.pk))


# --- the gate itself ------------------------------------------------------------------------


class GatedQuerySet(models.QuerySet[Row], Generic[Row]):
    """Rows that are written through the gate alone; reading and deleting is as ever."""

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Row]:
        ensure_open(self.model)
        return super().bulk_create(*args, **kwargs)

    def update(self, **values: Any) -> int:
        ensure_open(self.model)
        return super().update(**values)


class Gated(models.Model):
    """The base of models that hold what is observed of people or put down by them."""

    objects = GatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        ensure_open(type(self))
        super().save(*args, **kwargs)


@contextmanager
def _opened() -> Iterator[None]:
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


@contextmanager
def restoring() -> Iterator[None]:
    """For what is put back as it was: an own export, a sample community, rows that a merge moves. Nothing is asked."""
    with _opened():
        yield


def ensure_open(model: type[models.Model]) -> None:
    """Raises PastTheGate where rows of ``model`` are about to be written past the gate."""
    if not _open.get():
        raise PastTheGate(f"rows of {model.__name__} are written through accounts.intake")


def _stored(rows: Sequence[Row], people: Collection[int], *, ignore_conflicts: bool = False) -> list[Row]:
    if not rows:
        return []
    strangers = {row.user_id for row in rows}.difference(people)  # type: ignore[attr-defined]  # every gated model has one
    if strangers:
        raise PastTheGate(f"rows of {len(strangers)} people whom the gate was not opened for")
    with _opened():
        return type(rows[0])._default_manager.bulk_create(rows, ignore_conflicts=ignore_conflicts)  # noqa: SLF001
