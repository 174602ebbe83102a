"""Notes whose plays shaped an answer, so that these people can see to whom they were shown, and why.

Written while the answer is made, by one INSERT that skips what stands there already, and only where
friends' plays entered. A queue would be cheaper for the viewer and could lose the note; then a use
would have taken place that its source cannot see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import connections, router
from django.utils import timezone

from accounts.models import User
from discovery.models import SocialUse
from discovery.recommend.explain import Explanation, NodeKind, ReasonKind
from discovery.recommend.ranking import Ranking
from graph.models import ItemKind
from graph.serving.index import Channel

SOCIAL_USE_KEPT = timedelta(days=90)

_COLUMNS = "source_id, recipient_id, day, named, item_kind, item_id"
_INSERT = f"INSERT INTO {SocialUse._meta.db_table} ({_COLUMNS})"  # noqa: SLF001  # names of ours, no values


def social_use_note(viewer: User, ranking: Ranking, explained: Iterable[Explanation]) -> None:
    """One row for each friend whose plays added to the answer, and for each item they are named with."""
    evidence = ranking.evidence
    added = (evidence.channel == Channel.FRIEND) & (ranking.contributions != 0).any(axis=1)
    sources = set(evidence.friend[added].tolist())
    if not sources:
        return
    named = {cited for one in explained for cited in _named(one, evidence.kind) if cited[0] in sources}
    silent = sources - {source for source, _, _ in named}
    rows = {
        *((source, kind, item, True) for source, kind, item in named),
        *((s, "", 0, False) for s in silent),
    }
    _note(viewer, rows)


def social_use_named(viewer: User, named: Collection[tuple[int, str, int]]) -> None:
    """One row for each (source, item kind, item id) that somebody else is named with in an answer."""
    _note(viewer, {(source, kind, item, True) for source, kind, item in named if source != viewer.pk})


def _note(viewer: User, rows: Collection[tuple[int, str, int, bool]]) -> None:
    """One INSERT that skips what stands there. As SQL: with each answer, the ORM would take longer than the database."""
    if not rows:
        return
    connection = connections[router.db_for_write(SocialUse)]
    day = connection.ops.adapt_datefield_value(timezone.now().date())
    values = [
        value
        for source, kind, item, named in sorted(rows)
        for value in (source, viewer.pk, day, named, kind, item)
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {places} ON CONFLICT DO NOTHING", values)


def social_use_forget() -> int:
    """Delete what is older than it is kept; return how many rows."""
    return SocialUse.objects.filter(day__lt=(timezone.now() - SOCIAL_USE_KEPT).date()).delete()[0]


def _named(explanation: Explanation, kind: ItemKind) -> Iterable[tuple[int, str, int]]:
    """(friend, item kind, item id) for each friend named; the item itself where they play just that."""
    for cited in explanation.reasons:
        if cited.kind is not ReasonKind.FRIEND:
            continue
        people = [ref.id for ref in cited.evidence if ref.kind is NodeKind.LISTENER]
        things = [(ref.kind.value, ref.id) for ref in cited.evidence if ref.kind is not NodeKind.LISTENER]
        for person in people:
            for thing_kind, thing_id in things or [(kind.value, explanation.item_id)]:
                yield person, thing_kind, thing_id
