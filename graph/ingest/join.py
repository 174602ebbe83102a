"""Rows that turn out to be one: what points at the one that goes, points at the other from then on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.intake import restoring
from graph.ingest.plays import plays_gather
from graph.models import LibraryAccount, LibrarySong, Listen, Naming, Track, TrackGuest
from graph.models.library import fresh_version

BATCH = 500


def tracks_join(moves: Mapping[int, Mapping[int, Collection[int]]]) -> None:
    """Namings went from a track to others: {from: {to: namings}}. Their plays follow.

    From a track that nobody calls so any more, and whose namings all went to one other, everything follows.
    """
    people: set[int] = set()
    touched: set[int] = set()
    for old, targets in moves.items():
        for target, namings in targets.items():
            plays = Listen.reports.filter(naming__in=namings)
            people |= set(plays.order_by().values_list("user", flat=True).distinct())
            with restoring():
                plays.update(track_id=target)
                songs = LibrarySong.objects.filter(naming__in=namings)
                if songs.update(track_id=target):
                    held = songs.order_by().values("account")
                    LibraryAccount.objects.filter(pk__in=held).update(version=fresh_version())
        touched |= {old, *targets}
        left = Track.objects.filter(pk=old, namings=None).exclude(identity=None)
        if len(targets) == 1 and left.exists():
            (target,) = targets
            rest = Listen.reports.filter(track=old)
            people |= set(rest.order_by().values_list("user", flat=True).distinct())
            rows_move(Track, old, target, but=(Naming, TrackGuest))
    for person in people:
        plays_gather(person, tracks=touched)


def rows_move(
    model: type[models.Model], old: int, new: int, *, but: tuple[type[models.Model], ...] = ()
) -> None:
    """Point everything that points at ``old`` at ``new``, and delete ``old``; of two rows that become one, one goes."""
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001  # Django documents it
        if relation.auto_created and relation.one_to_many and relation.related_model not in but:
            _point(relation.related_model, relation.field.name, old, new)  # type: ignore[union-attr, arg-type]
    rows: Any = model._default_manager  # noqa: SLF001
    if hasattr(model, "standing"):  # what everybody may see of one, they may of both
        highest = max(rows.filter(pk__in=[old, new]).values_list("standing", flat=True))
        rows.filter(pk=new).update(standing=highest)
    rows.filter(pk=old).delete()


def _point(model: type[models.Model], column: str, old: int, new: int) -> None:
    rows: Any = getattr(model, "reports", model._default_manager)  # noqa: SLF001
    with restoring():
        try:
            with transaction.atomic():
                rows.filter(**{column: old}).update(**{column: new})
        except IntegrityError:  # somebody said the same of both
            for row in rows.filter(**{column: old}):
                try:
                    with transaction.atomic():
                        rows.filter(pk=row.pk).update(**{column: new})
                except IntegrityError:
                    row.delete()
