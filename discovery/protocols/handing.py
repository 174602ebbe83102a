"""What all protocols do with what they read: hand plays in, note what plays now, say what is liked.

Where recording is not granted, or it is private, nothing is kept and nobody is told of it: a player that heard a no
would send the same for ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.presentation import rows_shown
from discovery.platform.errors import Conflict, ConsentMissing
from discovery.platform.names import name_key
from discovery.protocols.asking import Player
from discovery.together.playing import playing_note
from graph.ingest.catalog import tracks_named
from graph.ingest.clean import Words, words_clean
from graph.ingest.credits import title_key
from graph.ingest.incoming import IncomingPlay, Outcome, Verdict
from graph.ingest.quota import Quota, quota_exceeded
from graph.ingest.record import plays_ingest
from graph.models import Feedback, FeedbackKind, Track
from graph.selectors import tracks_get
from graph.services.feedback import feedback_clear, feedback_give
from graph.services.standing import brought_sweep

PRIVATE = "PRIVATE_SESSION"
MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def plays_take(player: Player, plays: Sequence[IncomingPlay]) -> list[Verdict]:
    """Hand the plays in; a verdict for each, in their order. Without RECORD each is skipped."""
    if not plays:
        return []
    try:
        return plays_ingest(user=player.user, plays=plays)
    except ConsentMissing as refusal:
        return [Verdict(place, Outcome.SKIPPED, refusal.specific_code) for place in range(len(plays))]


def refused(verdict: Verdict) -> bool:
    """Whether the player is to hear of it: what is private was rightly not kept, and is nobody's business."""
    return verdict.outcome is Outcome.REFUSED and verdict.code != PRIVATE


def now_take(player: Player, play: IncomingPlay) -> Track | None:
    """Note what plays now, for minutes; the track of the catalog, where it is one that the player's owner may see."""
    title, artist = play.title, play.artist
    if not isinstance(title, str) or not isinstance(artist, str) or not title.strip() or not artist.strip():
        return None
    track = track_known(player, title=title, artist=artist, mbid=play.mbid)
    playing_note(
        user=player.user, title=title, artist=artist, album=play.album if isinstance(play.album, str) else "",
        duration_ms=play.duration_ms if isinstance(play.duration_ms, int) else None,
        track_id=None if track is None else track.pk,
    )  # fmt: skip
    return track


def track_known(player: Player, *, title: str, artist: str, mbid: Any = None) -> Track | None:
    """A track of these words that the player's owner may see. Nothing is added."""
    tracks = Track.objects.select_related("artist").order_by("pk")
    by_id = tracks.filter(mbid=mbid.lower()) if isinstance(mbid, str) and MBID.fullmatch(mbid) else None
    for rows in (by_id, tracks.filter(artist__key=name_key(_plain(artist)), key=name_key(_plain(title)))):
        if rows is not None and (found := rows_shown(player.user, rows).answer.first()) is not None:
            return found
    return None


@transaction.atomic
def track_said(player: Player, *, title: str, artist: str, kind: FeedbackKind | None, mbid: str = "") -> None:
    """Say of a track named so what its listener thinks of it; None takes a like back. Private words are not kept.

    Which track that is, is decided as for a play of it. A player likes what plays, often before it reports the play: then
    the track is added, with the word or not at all. Raises InvalidInput, and LimitExceeded for more than an app may bring.
    """
    name = words_clean(IncomingPlay(source="", listened_at=None, title=title, artist=artist, mbid=mbid))
    if kind is None:
        if (track := _liked(player, name)) is not None:
            feedback_clear(user=player.user, item=track, kind=FeedbackKind.LIKE)
            brought_sweep([track.pk])
        return
    if not Quota(player.user).within({name.digest: name}):
        raise quota_exceeded()
    try:
        # What was added for it goes with a no.
        with transaction.atomic(), tracks_named([name]) as (key,):
            feedback_give(user=player.user, item=tracks_get([key]).get(), kind=kind)
    except (Conflict, ConsentMissing):  # private, or kept on the listener's own device only
        return


def _liked(player: Player, name: Words) -> Track | None:
    """What is called so among what the player's owner likes; of several the one that nothing but its name tells apart."""
    likes = Feedback.objects.filter(user=player.user, kind=FeedbackKind.LIKE)
    tracks = Track.objects.filter(pk__in=likes.values("track")).select_related("artist").order_by("pk")
    if name.mbid and (found := tracks.filter(mbid=name.mbid).first()) is not None:
        return found
    keys = {name_key(name.title), title_key(name.title)}
    called = list(tracks.filter(artist__key=name_key(name.credit[0].name), key__in=keys))
    if len(called) > 1:
        called = [track for track in called if not (track.mbid or track.isrc)]
    return called[0] if len(called) == 1 else None


def _plain(text: str) -> str:
    """Without what no database stores."""
    return "".join(
        character for character in text if character != "\x00" and not "\ud800" <= character <= "\udfff"
    )
