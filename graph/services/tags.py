"""The tags shown with artists and tracks."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Count, Manager, Q

from accounts import policies
from graph.models import Artist, Tagging, Track, counted

SHOWN = 10  # tags of one item
_LOOKUPS = {
    "artist_id": {"artist": "artist"},
    "track_id": {"track": "track", "artist": "track__artist"},
}


@transaction.atomic
def tags_refresh() -> int:
    """Bring the tags shown with each item up to date; return how many items changed.

    The catalog's own tags come first, then those that enough contributing listeners chose
    (``SMALLEST_AGGREGATE``), the most chosen first. To be called with every new model, so that a
    withdrawal of CONTRIBUTE counts here when it does there.
    """
    return _refresh(Artist.objects, "artist_id") + _refresh(Track.objects, "track_id")


def _refresh(items: Manager[Any], column: str) -> int:
    shown = _shown_tags(column)
    changed = []
    for item in items.only("pk", "tags").iterator():
        if item.tags != (tags := shown.get(item.pk, [])):
            item.tags = tags
            changed.append(item)
    items.bulk_update(changed, ["tags"], batch_size=300)
    return len(changed)


def _shown_tags(item: str) -> dict[int, list[str]]:
    """By item: the tags to show, in order."""
    rows = (
        Tagging.objects.filter(counted(**_LOOKUPS[item]), **{f"{item}__isnull": False})
        .filter(Q(user=None) | Q(user__in=policies.contributors()))
        .order_by()
        .values_list(item, "tag__name")
        .annotate(own=Count("pk", filter=Q(user=None)), people=Count("user"))
        .filter(Q(own__gt=0) | Q(people__gte=policies.SMALLEST_AGGREGATE))
        .order_by(item, "-own", "-people", "tag__name")
    )
    tags: dict[int, list[str]] = defaultdict(list)
    for item_id, name, _own, _people in rows.iterator():
        if len(tags[item_id]) < SHOWN:
            tags[item_id].append(name)
    return dict(tags)
