"""What a music server holds, read page by page: each song becomes a track of the catalog, and nobody's play.

A page and how far it is are one transaction, so that whoever goes on after a killed worker begins behind it. Songs are
known by the server's name of them; what a whole reading did not see is gone there, and goes here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from django.db import transaction

from discovery.library.accounts import (
    Claim,
    library_claim,
    library_close,
    library_go_on,
    library_hold,
    server_of,
)
from discovery.library.subsonic import (
    FAILED,
    INCOMPATIBLE,
    MISSING,
    NO_SERVER,
    TOO_LARGE,
    SongTold,
    Subsonic,
    refusal,
)
from discovery.platform.errors import InvalidInput, LeaseLost, Refusal
from graph.ingest.catalog import namings_get_or_create, namings_sweep
from graph.ingest.clean import Words, words_clean
from graph.ingest.incoming import IncomingPlay
from graph.models import LibraryAccount, LibrarySong

logger = logging.getLogger(__name__)

MOST_SONGS = 200_000  # of one library
BATCH = 500
# What a server says that signs us in and does not know how to search.
WITHOUT_SEARCH = frozenset({FAILED, INCOMPATIBLE, MISSING, NO_SERVER})
COLUMNS = ("naming_id", "track_id", "cover", "genre", "moods", "bpm", "year", "duration_ms")


def library_read(*, account_id: int) -> LibraryAccount | None:
    """Read one that waits; None where there is nothing to do, or another worker has it by now."""
    claim = library_claim(account_id=account_id)
    if claim is None:
        return None
    try:
        return _read(claim, LibraryAccount.objects.get(pk=account_id))
    except (LeaseLost, LibraryAccount.DoesNotExist):
        logger.info("library %d is in other hands, or gone", account_id)
        return None


def _read(claim: Claim, account: LibraryAccount) -> LibraryAccount:
    try:
        with Subsonic(server_of(account)) as client:
            number = 0
            for offset, page in _pages(client, account.offset):
                number += len(page)
                if number > MOST_SONGS:
                    raise refusal(TOO_LARGE)
                _store(claim, page, offset)
    except Refusal as refused:
        return library_close(claim, error=refused.specific_code)
    _forget_unseen(claim)
    return library_close(claim)


def _pages(client: Subsonic, offset: int) -> Iterator[tuple[int, list[SongTold]]]:
    """Pages of songs, each with the place behind it; by albums, a later worker begins anew."""
    try:
        first = client.songs(offset)
    except Refusal as refused:
        if offset or refused.specific_code not in WITHOUT_SEARCH:
            raise
        first = []
    if not first and not offset:
        for page in client.songs_by_album():
            yield 0, page
        return
    page = first
    while page:
        offset += len(page)
        yield offset, page
        page = client.songs(offset)


@transaction.atomic
def _store(claim: Claim, page: Sequence[SongTold], offset: int) -> None:
    act, account = library_hold(claim)
    told = {song.id: (song, words) for song in page if (words := _words(song)) is not None}
    namings = namings_get_or_create([words for _song, words in told.values()])
    there = {row.song: row for row in LibrarySong.objects.filter(account=account, song__in=told)}
    fresh: list[LibrarySong] = []
    changed: list[LibrarySong] = []
    for key, (song, words) in told.items():
        row = there.get(key) or LibrarySong(account=account, user=act.user, song=key)
        naming = namings[words.digest]
        values = (
            naming.pk,
            naming.track_id,
            song.cover,
            song.genre,
            song.moods,
            song.bpm,
            song.year,
            words.duration_ms,
        )
        before = tuple(getattr(row, column) for column in COLUMNS)
        for column, value in zip(COLUMNS, values, strict=True):
            setattr(row, column, value)
        row.seen = account.reading
        if row.pk is None:
            fresh.append(row)
        elif before != values:
            changed.append(row)
    account.offset = offset
    with act.write():
        LibrarySong.objects.bulk_create(fresh, batch_size=BATCH)
        LibrarySong.objects.bulk_update(changed, [*COLUMNS[2:], "naming", "track", "seen"], batch_size=BATCH)
        LibrarySong.objects.filter(account=account, song__in=told).update(seen=account.reading)
    library_go_on(act, account)


def _words(song: SongTold) -> Words | None:
    """The song as a recording; None where it has no title or artist."""
    seconds = song.duration if isinstance(song.duration, int | float) else None
    try:
        return words_clean(
            IncomingPlay(
                source="", listened_at=None, title=song.title, artist=song.artist, artists=song.artists or None,
                album=song.album, mbid=song.mbid, isrc=song.isrc, duration_ms=seconds and seconds * 1000,
            )
        )  # fmt: skip
    except InvalidInput:
        return None


def _forget_unseen(claim: Claim) -> None:
    """Songs that this reading did not see, and the words that nothing else uses; their tracks, the clock sweeps."""
    while True:
        with transaction.atomic():
            act, account = library_hold(claim)
            gone = LibrarySong.objects.filter(account=account).exclude(seen=account.reading)
            rows = list(gone.order_by("pk").values_list("pk", "naming")[:BATCH])
            if not rows:
                return
            LibrarySong.objects.filter(pk__in=[key for key, _naming in rows]).delete()
            namings_sweep([naming for _key, naming in rows])
            library_go_on(act, account)
