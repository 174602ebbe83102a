"""Telling people that their plays shaped somebody's answer: to whom, and, where they are named, with what.

Written while the answer is made, by one INSERT that skips what stands there already, and only where others' data
entered. A queue would be cheaper for the viewer and could lose the note; then a use would have taken place that
its source cannot see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from django.db import connections, router
from django.db.models import Q
from django.utils import timezone

from accounts import presentation
from accounts.models import User
from accounts.presentation import Disclosure, Ref
from accounts.signals import records_deleted
from discovery.models import SocialUse
from discovery.recommend.explain import Explanation, ReasonKind
from discovery.recommend.ranking import Ranking
from graph.models import ItemKind
from graph.selectors import item_ref
from graph.serving.channels import Channel

SOCIAL_USE_KEPT = timedelta(days=90)

_COLUMNS = "source_id, recipient_id, day, named, item_kind, item_id"
_INSERT = f"INSERT INTO {SocialUse._meta.db_table} ({_COLUMNS})"  # noqa: SLF001  # names of ours, no values


def connect() -> None:
    """Have every answer disclosed; called once, when the project is ready."""
    presentation.disclose_with(social_uses_note)
    records_deleted.connect(_cited_forget, dispatch_uid="discovery.disclosure")


def ranking_disclosures(ranking: Ranking, explained: Iterable[Explanation]) -> set[Disclosure]:
    """Friends whose plays entered a ranking: with each item they are named with, else without a name.

    Also where they lifted nothing of what is shown: then they sank something that is not, or made that there is more.
    """
    evidence = ranking.evidence
    sources = set(evidence.friend[evidence.channel == Channel.FRIEND].tolist())
    named = {
        disclosure
        for explanation in explained
        for disclosure in _named(explanation, evidence.kind)
        if disclosure.source in sources
    }
    silent = sources - {disclosure.source for disclosure in named}
    return named | {Disclosure(source, named=False) for source in silent}


def _named(explanation: Explanation, kind: ItemKind) -> Iterable[Disclosure]:
    """For each friend named: what is cited of theirs; the item itself where they play just that."""
    for cited in explanation.reasons:
        if cited.kind is not ReasonKind.FRIEND:
            continue
        things = [ref for ref in cited.evidence if ref.kind != "Listener"]
        people = [ref.id for ref in cited.evidence if ref.kind == "Listener"]
        for person, thing in product(people, things or [item_ref(kind, explanation.item_id)]):
            yield Disclosure(person, named=True, item=thing)


def social_uses_note(disclosures: Mapping[int, Collection[Disclosure]]) -> None:
    """One row for each disclosure, by the key of who was answered.

    One INSERT that skips what stands there. As SQL: with each answer, the ORM would take longer than the database.
    """
    connection = connections[router.db_for_write(SocialUse)]
    day = connection.ops.adapt_datefield_value(timezone.now().date())
    rows = sorted(
        (use.source, recipient, use.named, *_columns(use.item))
        for recipient, uses in disclosures.items()
        for use in uses
    )
    values = [
        value
        for source, recipient, named, kind, item in rows
        for value in (source, recipient, day, named, kind, item)
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {places} ON CONFLICT DO NOTHING", values)


def social_use_item(use: SocialUse) -> Ref | None:
    """What a person was named with; None where they were not, or with nothing."""
    return Ref(use.item_kind.title(), use.item_id) if use.item_id else None


def social_use_forget() -> int:
    """Delete what is older than it is kept; return how many rows."""
    return SocialUse.objects.filter(day__lt=(timezone.now() - SOCIAL_USE_KEPT).date()).delete()[0]


def _cited_forget(
    *, user: User, tracks: frozenset[int], artists: frozenset[int], everything: bool, **_: Any
) -> None:
    """Notes that cite what the person has deleted; with everything, all of them."""
    notes = SocialUse.objects.filter(source=user)
    cited = Q(item_kind=ItemKind.TRACK, item_id__in=tracks) | Q(
        item_kind=ItemKind.ARTIST, item_id__in=artists
    )
    (notes if everything else notes.filter(cited)).delete()


def _columns(item: Ref | None) -> tuple[str, int]:
    return ("", 0) if item is None else (item.kind.upper(), item.id)
