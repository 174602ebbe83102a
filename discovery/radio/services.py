"""A radio's doors: starting one, taking it one item further, looking at it."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from accounts import hearing
from accounts.intake import ensure_kept_here
from accounts.models import User
from accounts.presentation import Ref, node_shown
from discovery.platform.errors import InvalidInput, NotFound
from discovery.radio import store
from discovery.radio.session import Outcome, Radio, SeedKind
from discovery.radio.station import Playing, Station
from discovery.recommend.serving import playable_kind
from discovery.segments.services import defaults_for
from graph.models import ItemKind


def radio_start(
    *,
    viewer: User,
    seed_kind: SeedKind,
    seed_id: int = 0,
    kind: ItemKind | None = None,
    variety: float | None = None,
) -> Playing:
    """Begin a radio from a track, an artist, a friend, a tag, or nothing; without a ``variety``, with the usual one for this listener.

    Raises ConsentMissing (ON_DEVICE_ONLY) where the device is its own radio, NotFound where the seed does not exist or is a friend whose plays may not be used, and
    InvalidInput for a variety outside 0 to 1.
    """
    ensure_kept_here(viewer)
    if variety is not None and not 0 <= variety <= 1:
        raise InvalidInput(_("The variety is a number from 0 to 1."), field="variety")
    if not _is_seed(viewer, seed_kind, seed_id):
        raise NotFound(_("There is nothing to start from here."), field="seedId")
    usual = defaults_for(viewer)
    radio = Radio(
        id=uuid.uuid4().hex, user_id=viewer.pk, kind=kind or playable_kind(), seed_kind=seed_kind,
        seed_id=seed_id, variety=usual.variety if variety is None else float(variety),
    )  # fmt: skip
    return Station(viewer, radio, usual).play_next()


def radio_advance(
    *,
    viewer: User,
    radio_id: str,
    outcome: Outcome = Outcome.LISTENED,
    ms_played: int | None = None,
    step: int | None = None,
    resume: str | None = None,
) -> Playing:
    """Say what became of the item that plays, and get the next one.

    Raises NotFound, InvalidInput for a ``resume`` word of no radio of ours, and Conflict when ``step``
    is not the radio's, or somebody else has taken it meanwhile.
    """
    ensure_kept_here(viewer)
    if ms_played is not None and ms_played < 0:
        raise InvalidInput(_("A time played is not negative."), field="msPlayed")
    station = Station(viewer, store.radio_load(user=viewer, radio_id=radio_id, resume=resume))
    station.ended(outcome, ms_played, step)
    return station.play_next()


def radio_get(*, viewer: User, radio_id: str) -> Playing:
    """A radio as it stands. What was chosen by plays that do not count any more has ended. Raises NotFound."""
    return Station(viewer, store.radio_load(user=viewer, radio_id=radio_id)).standing_still()


def _is_seed(viewer: User, kind: SeedKind, seed_id: int) -> bool:
    match kind:
        case SeedKind.TRACK:
            track = node_shown(viewer, Ref("Track", seed_id))
            return track is not None and not track.artist.placeholder
        case SeedKind.ARTIST:
            artist = node_shown(viewer, Ref("Artist", seed_id))
            return artist is not None and not artist.placeholder  # from nobody, nothing leads anywhere
        case SeedKind.TAG:
            return node_shown(viewer, Ref("Tag", seed_id)) is not None
        case SeedKind.FRIEND:
            sources = hearing.social_sources(viewer)
            # Of those without a name nobody is heard alone: what is played would be that one's.
            return any(source.user_id == seed_id and source.named for source in sources)
        case _:
            return True
