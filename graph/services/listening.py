"""Plays as apps report them: checked one by one, stored once each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import Observer, deliberate, observe
from accounts.models import User
from accounts.presentation import node_shown, nodes_shown
from discovery.platform.errors import Conflict, InvalidInput, NotFound, Refusal
from graph.models import ItemKind, Listen
from graph.names import name_clean
from graph.selectors import item_ref, tracks_get
from graph.services.catalog import LONGEST_MS, TrackName, track_name_clean, tracks_get_or_create
from graph.services.deletion import deletion_follow
from graph.services.news import friends_tell

MAX_PLAYS = 100  # in one call
SOURCE_LENGTH, SOURCE_ID_LENGTH = 40, 128
# When scrobbling began; what claims to be older comes from a broken clock.
EARLIEST = datetime(2002, 10, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)  # a client's clock may run ahead a little
NEWS = timedelta(hours=1)  # a play that began before is history, such as an import's


@dataclass(frozen=True, kw_only=True)
class Play:
    """One play as a source reports it: of a track of ours (its key) or of one that is named."""

    source: str
    source_id: str
    track: int | TrackName
    listened_at: datetime  # start of the play
    ms_played: int | None = None


@dataclass(frozen=True)
class PlayRefusal:
    """Why the play at ``index`` of the call was not taken."""

    index: int
    code: str
    message: str
    field: str | None


@dataclass(frozen=True)
class RecordedListens:
    stored: int = 0
    duplicates: int = 0
    refusals: list[PlayRefusal] = field(default_factory=list)


@transaction.atomic
def listens_record(*, user: User, plays: Sequence[Play | Refusal]) -> RecordedListens:
    """Store the plays that are new and good; say of each other one why not.

    A play is known by its source and source id: told again, it is a duplicate, whatever else it says. A
    ``Refusal`` among the plays is one that the caller could not read; it keeps its place in the answer.

    Raises LimitExceeded for more than ``MAX_PLAYS`` plays, and ConsentMissing where RECORD is not granted.
    """
    return _Call(observe(user, quantity=len(plays), most=MAX_PLAYS), plays).recorded()


@dataclass
class _Call:
    """One call of an app: what it told of one person, and what becomes of it."""

    observer: Observer
    plays: Sequence[Play | Refusal]
    refusals: list[PlayRefusal] = field(default_factory=list)

    def recorded(self) -> RecordedListens:
        """Store what is new and good, and publish what is of now."""
        good = self._good()
        fresh = self._without_duplicates(good)
        track_ids = self._track_ids(fresh)
        user, words = self.observer.user, _own_words(fresh, track_ids)
        listens = self.observer.keep(
            (
                Listen(
                    user=user, track_id=track_ids[index], listened_at=play.listened_at, ms_played=play.ms_played,
                    source=play.source, source_id=play.source_id, **words.get(index, {}),
                )
                for index, play in fresh.items()
                if index in track_ids
            ),
            at="listened_at",
        )  # fmt: skip
        transaction.on_commit(lambda: _tell_friends(user, listens))
        return RecordedListens(
            stored=len(track_ids),
            duplicates=len(good) - len(fresh),
            refusals=sorted(self.refusals, key=lambda refusal: refusal.index),
        )

    def _good(self) -> dict[int, Play]:
        """By index: the plays that can be stored, clean, and were not played in private."""
        good: dict[int, Play] = {}
        now = timezone.now()
        for index, play in enumerate(self.plays):
            try:
                if isinstance(play, Refusal):
                    raise play
                clean = _clean(play, now)
                self.observer.ensure_public(clean.listened_at)
                good[index] = clean
            except Refusal as refusal:
                self._refuse(index, refusal)
        return good

    def _refuse(self, index: int, refusal: Refusal) -> None:
        self.refusals.append(PlayRefusal(index, refusal.specific_code, refusal.message, refusal.field))

    def _without_duplicates(self, plays: dict[int, Play]) -> dict[int, Play]:
        """The plays that are neither stored nor told earlier in the same call."""
        known = set(
            Listen.objects.filter(
                user=self.observer.user,
                source__in={play.source for play in plays.values()},
                source_id__in={play.source_id for play in plays.values()},
            ).values_list("source", "source_id")
        )
        fresh = {}
        for index, play in plays.items():
            if (key := (play.source, play.source_id)) not in known:
                known.add(key)
                fresh[index] = play
        return fresh

    def _track_ids(self, plays: dict[int, Play]) -> dict[int, int]:
        """The track's key by index of the play; each key that is none is refused."""
        named = {index: play.track for index, play in plays.items() if isinstance(play.track, TrackName)}
        wanted = {index: play.track for index, play in plays.items() if isinstance(play.track, int)}
        refs = {item_ref(ItemKind.TRACK, key) for key in wanted.values()}
        there = {ref.id for ref in nodes_shown(self.observer.user, refs)}
        for index in wanted.keys() - {index for index, key in wanted.items() if key in there}:
            self._refuse(index, NotFound(_("There is no such track."), field="trackId"))
        keys = tracks_get_or_create(names=list(named.values()))
        known = {index: key for index, key in wanted.items() if key in there}
        return known | dict(zip(named, keys, strict=True))


def _own_words(plays: dict[int, Play], track_ids: dict[int, int]) -> dict[int, dict[str, str]]:
    """By index: what the source called the track and its artist, where the catalog calls them otherwise."""
    named = {index: play.track for index, play in plays.items() if isinstance(play.track, TrackName)}
    keys = {track_ids[index] for index in named if index in track_ids}
    tracks = {track.pk: track for track in tracks_get(keys)} if keys else {}
    words = {}
    for index, name in named.items():
        track = tracks[track_ids[index]]
        words[index] = {
            "title": name.title if name.title != track.title else "",
            "artist_name": name.artist if name.artist != track.artist.name else "",
        }
    return words


@transaction.atomic
def listen_correct(*, user: User, listen_id: int, play: Play) -> Listen:
    """Say what a play of ``user`` was after all; it stays the same play, of the same source and source id.

    So the app that reported it may report it again, and nothing is stored twice.

    Raises:
        NotFound: ``user`` has no such play, or there is no such track.
        InvalidInput: a time or duration that cannot be.
        Conflict: it was, or is now, a private session.

    """
    act = deliberate(user)
    listen = Listen.objects.filter(user=user, pk=listen_id).select_related("track").first()
    if listen is None:
        raise NotFound(_("There is no such play."), field="id")
    clean = _clean(replace(play, source=listen.source, source_id=listen.source_id), timezone.now())
    if policies.played_in_private(act.user, clean.listened_at):
        raise Conflict(_("This was played in a private session."), code="PRIVATE_SESSION")
    before = listen.track
    if isinstance(clean.track, TrackName):
        (listen.track_id,) = tracks_get_or_create(names=[clean.track])
        words = _own_words({0: clean}, {0: listen.track_id}).get(0, {})
    elif node_shown(user, item_ref(ItemKind.TRACK, clean.track)) is not None:
        listen.track_id, words = clean.track, {}
    else:
        raise NotFound(_("There is no such track."), field="trackId")
    listen.listened_at, listen.ms_played = clean.listened_at, clean.ms_played
    listen.title, listen.artist_name = words.get("title", ""), words.get("artist_name", "")
    with act.write():
        listen.save(update_fields=["track", "listened_at", "ms_played", "title", "artist_name"])
    deletion_follow(user=user, rows=1, tracks=[before.pk], artists=[before.artist_id])
    return listen


def _tell_friends(user: User, listens: Sequence[Listen]) -> None:
    """Publish plays of now to friends."""
    since = timezone.now() - NEWS
    friends_tell(user, [{"listen": listen.pk} for listen in listens if listen.listened_at >= since])


def _clean(play: Play, now: datetime) -> Play:
    if play.ms_played is not None and not 0 <= play.ms_played <= LONGEST_MS:
        raise InvalidInput(_("A play lasts from 0 ms to a day."), field="msPlayed", code="INVALID_DURATION")
    return replace(
        play,
        source=name_clean(play.source, field="source", length=SOURCE_LENGTH),
        source_id=name_clean(play.source_id, field="sourceId", length=SOURCE_ID_LENGTH),
        listened_at=_moment(play.listened_at, now),
        track=track_name_clean(play.track) if isinstance(play.track, TrackName) else play.track,
    )


def _moment(moment: datetime, now: datetime) -> datetime:
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    if moment > now + CLOCK_SKEW:
        raise InvalidInput(_("This time lies in the future."), field="listenedAt", code="INVALID_TIME")
    if moment < EARLIEST:
        raise InvalidInput(
            _("This time lies before %(day)s.") % {"day": EARLIEST.date()},
            field="listenedAt",
            code="INVALID_TIME",
        )
    return moment
