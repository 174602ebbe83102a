"""What of discovery holds the key of a track or an artist without a foreign key: it goes with them where two become one."""

from django.db.models import Q

from discovery.models import ExposedItem, RadioChoice, Room, RoomPlay, RoomVote, SocialUse
from graph.ingest.references import KeyColumn, register
from graph.models import ItemKind


def _by_kind(kind: ItemKind) -> Q:
    return Q(item_kind=kind)


def _of_room(kind: ItemKind) -> Q:
    return Q(room__kind=kind)


def connect() -> None:
    """Called once, when the project is ready."""
    register(
        KeyColumn(SocialUse, "item_id", _by_kind),
        KeyColumn(RadioChoice, "item_id", _by_kind),
        KeyColumn(ExposedItem, "item_id", _by_kind),
        KeyColumn(Room, "now_id", lambda kind: Q(kind=kind)),
        KeyColumn(RoomVote, "item_id", _of_room),
        KeyColumn(RoomPlay, "item_id", _of_room),
    )
