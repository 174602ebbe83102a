"""Rows that turn out to be one: what points at the one that goes, points at the other from then on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.intake import restoring
from graph.ingest.plays import plays_gather
from graph.ingest.references import Reference, references
from graph.models import Artist, LibraryAccount, LibrarySong, Listen, Track
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
            rows_move(Track, old, target)
    for person in people:
        plays_gather(person, tracks=touched)


def rows_follow(model: type[Track | Artist], moves: Mapping[int, int]) -> None:
    """Rows that no words name any more, and something still points at, go where they would be named now: {from: to}."""
    plays = Listen.reports.filter(track__in=moves) if model is Track else Listen.reports.none()
    people = set(plays.order_by().values_list("user", flat=True).distinct())
    for old, new in moves.items():
        rows_move(model, old, new)
    for person in people:
        plays_gather(person, tracks=set(moves.values()))


def rows_move(model: type[models.Model], old: int, new: int) -> None:
    """Point everything that points at ``old`` at ``new``, and delete ``old``; of two rows that become one, one goes."""
    for reference in references(model):
        _point(reference, old, new)
    rows: Any = model._default_manager  # noqa: SLF001  # Django documents it
    if hasattr(model, "standing"):  # what everybody may see of one, they may of both
        highest = max(rows.filter(pk__in=[old, new]).values_list("standing", flat=True))
        rows.filter(pk=new).update(standing=highest)
    rows.filter(pk=old).delete()


def _point(reference: Reference, old: int, new: int) -> None:
    model, column = reference.model, reference.column
    rows: Any = getattr(model, "reports", model._default_manager)  # noqa: SLF001
    theirs = rows.filter(reference.rows, **{column: old})
    with restoring():
        try:
            with transaction.atomic():
                theirs.update(**{column: new})
        except IntegrityError:  # somebody said the same of both
            for row in theirs:
                try:
                    with transaction.atomic():
                        rows.filter(pk=row.pk).update(**{column: new})
                except IntegrityError:
                    row.delete()
