"""The words shown with artists and tracks."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Count, Manager, Q

from accounts import policies
from graph.models import Artist, Tagging, Track, counted

SHOWN = 10  # words of one item
_LOOKUPS = {
    "artist_id": {"artist": "artist"},
    "track_id": {"track": "track", "artist": "track__artist"},
}


@transaction.atomic
def tags_refresh() -> int:
    """Bring the words shown with each item up to date; return how many items changed.

    The catalog's own words come first, then those that enough contributing listeners chose
    (``SMALLEST_AGGREGATE``), the most chosen first. To be called with every new model, so that a
    withdrawal of CONTRIBUTE counts here when it does there.
    """
    return _refresh(Artist.objects, "artist_id") + _refresh(Track.objects, "track_id")


def _refresh(items: Manager[Any], column: str) -> int:
    shown = _words(column)
    changed = []
    for item in items.only("pk", "tags").iterator():
        if item.tags != (words := shown.get(item.pk, [])):
            item.tags = words
            changed.append(item)
    items.bulk_update(changed, ["tags"], batch_size=300)
    return len(changed)


def _words(item: str) -> dict[int, list[str]]:
    """By item: the words to show, in order."""
    rows = (
        Tagging.objects.filter(counted(**_LOOKUPS[item]), **{f"{item}__isnull": False})
        .filter(Q(user=None) | Q(user__in=policies.contributors()))
        .order_by()
        .values_list(item, "tag__name")
        .annotate(own=Count("pk", filter=Q(user=None)), people=Count("user"))
        .filter(Q(own__gt=0) | Q(people__gte=policies.SMALLEST_AGGREGATE))
        .order_by(item, "-own", "-people", "tag__name")
    )
    words: dict[int, list[str]] = defaultdict(list)
    for item_id, word, _own, _people in rows.iterator():
        if len(words[item_id]) < SHOWN:
            words[item_id].append(word)
    return dict(words)
