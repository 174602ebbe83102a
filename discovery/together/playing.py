"""What people play at this moment, as their players say.

It is in Redis alone, by person, and ends by itself after minutes; in a private session, and without RECORD, it is not
noted. Who may be told is asked when somebody looks: everything that holds of a play holds of this.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.intake import may_observe, observable
from accounts.models import User
from accounts.signals import person_purging, private_session_ended, records_deleted
from discovery.platform import clock
from graph.ingest.follow import friends_tell
from graph.models import Track
from graph.models.exclusions import holding

logger = logging.getLogger(__name__)

PREFIX = "earshot:playing:"
LONGEST, UNKNOWN = 600, 300  # seconds it is kept at most, and where the length is not said
SECONDS = 0.5  # nobody waits longer for Redis


@dataclass(frozen=True)
class Playing:
    """One track that somebody is said to play, in the words of their player; ``track_id`` where we know it."""

    title: str
    artist: str
    album: str
    duration_ms: int | None
    track_id: int | None
    since: float  # seconds since 1970

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.since, UTC)


def playing_note(
    *, user: User, title: str, artist: str, album: str, duration_ms: int | None, track_id: int | None
) -> None:
    """Note it for a while, and let friends look. Where it may not be recorded nothing happens."""
    stored = User.objects.get(pk=user.pk)
    if not may_observe(stored):
        return
    playing = Playing(title, artist, album, duration_ms, track_id, timezone.now().timestamp())
    seconds = UNKNOWN if not duration_ms else max(1, min(duration_ms // 1000 + 10, LONGEST))
    try:
        _client(settings.REDIS_URL).set(PREFIX + str(user.pk), json.dumps(asdict(playing)), ex=seconds)
    except redis.RedisError as error:
        logger.warning("what plays now could not be noted: %s", type(error).__name__)
        return
    if track_id is not None:
        friends_tell(stored, [{"playing": user.pk}])


def playing_own(user: User) -> Playing | None:
    """What the person themselves plays now."""
    return _noted([user.pk]).get(user.pk) if may_observe(user) else None


def playing_of(people: Collection[int]) -> dict[int, Playing]:
    """By person: what plays and may be told of, as far as its listener is concerned. Of the viewer nothing is asked here."""
    noted = {person: playing for person, playing in _noted(people).items() if playing.track_id is not None}
    if not noted:
        return {}
    now = clock.now()
    hidden = User.objects.filter(pk__in=noted, private_until__gt=now).values_list("pk", flat=True)
    told = observable(list(noted)).difference(hidden)
    excluded = _excluded({person: noted[person].track_id for person in told})
    return {person: noted[person] for person in sorted(told - excluded)}


def playing_forget(user_id: int) -> None:
    """Raises redis.RedisError where Redis is away; then it ends by itself."""
    _client(settings.REDIS_URL).delete(PREFIX + str(user_id))


def connect() -> None:
    """Forget with an erasure, a private session's end and a deletion; called once, when the project is ready."""
    for signal in (person_purging, private_session_ended, records_deleted):
        signal.connect(_forget, dispatch_uid="discovery.together.playing")


def _forget(*, user: User, **_: Any) -> None:
    try:
        playing_forget(user.pk)
    except redis.RedisError as error:
        logger.warning("what somebody plays now ends by itself, not at once: %s", type(error).__name__)


def _noted(people: Collection[int]) -> dict[int, Playing]:
    keys = sorted(people)
    if not keys:
        return {}
    try:
        words: Any = _client(settings.REDIS_URL).mget([PREFIX + str(key) for key in keys])
    except redis.RedisError:
        return {}
    return {key: Playing(**json.loads(word)) for key, word in zip(keys, words, strict=True) if word}


def _excluded(tracks: dict[int, int | None]) -> set[int]:
    """Of these people, who left the track that they play out of their taste."""
    artists = dict(Track.objects.filter(pk__in=set(tracks.values())).values_list("pk", "artist_id"))
    rows = holding().filter(
        Q(track__in=artists) | Q(artist__in=artists.values()) | Q(playlist__entries__track__in=artists),
        user__in=tracks,
    )
    about = rows.values_list("user_id", "track_id", "artist_id", "playlist__entries__track_id")
    return {
        person
        for person, track, artist, entry in about
        if tracks[person] in (track, entry) or artists.get(tracks[person]) == artist  # type: ignore[arg-type]
    }


@cache
def _client(url: str) -> redis.Redis:
    once = Retry(NoBackoff(), 0)  # by default a lost server is tried again for many seconds
    return redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=once)
