"""A history that somebody handed in: read as a stream, stored chunk by chunk, each row with its verdict.

A chunk, its verdicts and how far it is are one transaction, so that whoever goes on after a killed worker begins behind
the last one. What was read and not noted is told again, and known by its source.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import Deliberation, deliberate
from accounts.models import User
from discovery.platform.errors import Conflict, ConsentMissing, ImportFailed, InvalidInput, LeaseLost, Refusal
from discovery.platform.names import name_clean, prose_clean
from graph.formats.found import Found, Left, ListedPlaylist, ListedTrack, Place, Said
from graph.formats.json_rows import LARGEST_DOCUMENT
from graph.formats.recognize import Recognized, recognized
from graph.ingest.catalog import tracks_named
from graph.ingest.clean import Words, words_clean
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.ingest.record import MOST, plays_ingest
from graph.ingest.sources import text
from graph.models import FeedbackKind, History, HistoryRow, HistoryWord
from graph.selectors import tracks_get
from graph.services.feedback import feedback_bring
from graph.services.history import (
    Claim,
    ensure_recording,
    history_begin,
    history_claim,
    history_close,
    history_go_on,
    history_hold,
    history_recognize,
    history_wait,
    word_told_again,
)
from graph.services.playlists import DESCRIPTION_LENGTH, TITLE_LENGTH, playlist_bring
from graph.services.uploads import upload_path

logger = logging.getLogger(__name__)

CHUNK = MOST  # rows in one transaction: as many as the ingest takes at once


class PrivateNow(Exception):
    """A private session runs."""


def history_import(*, user: User, path: Path) -> History:
    """Read a file of the operator's for ``user``, here and now; it stays where it is.

    Raises ConsentMissing where RECORD is not granted, Conflict in a private session, and ImportFailed for a file that is
    none of the formats.
    """
    ensure_recording(user)
    if policies.in_private_session(user):
        raise Conflict(_("A private session is running."), code="PRIVATE_SESSION")
    with recognized(path), transaction.atomic():
        history = history_begin(deliberate(user), size=path.stat().st_size)
    return history_run(history_id=history.pk, path=path) or history


def history_run(*, history_id: int, path: Path | None = None) -> History | None:
    """Read what was handed in; None where there is nothing to do, or another worker has it by now."""
    claim = history_claim(history_id=history_id)
    if claim is None:
        return None
    if path is None:
        upload = History.objects.values_list("upload", flat=True).get(pk=history_id)
        path = upload_path(claim.user, upload) if upload is not None else Path()
    try:
        return _read(claim, path)
    except LeaseLost:
        logger.info("import %d is in other hands", history_id)
        return None


def _read(claim: Claim, path: Path) -> History:
    try:
        with recognized(path) as file:
            rows = islice(file.rows, history_recognize(claim, file.format.value).rows_read, None)
            while chunk := _chunk(rows):
                _store(claim, file, chunk)
    except PrivateNow:
        return history_wait(claim)
    except ConsentMissing:
        return history_close(claim, error=ConsentMissing.code)
    except ImportFailed as failure:
        return history_close(claim, error=failure.specific_code)
    except FileNotFoundError:
        return history_close(claim, error="NOT_FOUND")
    return history_close(claim)


def _chunk(rows: Iterator[Found]) -> list[Found]:
    """What is stored together; of playlists, which may be long, one at a time."""
    chunk: list[Found] = []
    for found in rows:
        chunk.append(found)
        if len(chunk) == CHUNK or isinstance(found[1], ListedPlaylist):
            break
    return chunk


@transaction.atomic
def _store(claim: Claim, file: Recognized, chunk: Sequence[Found]) -> None:
    act, history = history_hold(claim)
    ensure_recording(act.user)
    if act.private:  # in which nothing is kept: the rest has to wait, or it would be lost
        raise PrivateNow
    verdicts = _Chunk(act, history).taken(chunk)
    counts = Counter(outcome for _place, outcome, _code, _field in verdicts)
    history.stored += counts[Outcome.STORED]
    history.duplicates += counts[Outcome.DUPLICATE]
    history.corrected += counts[Outcome.CORRECTED]
    history.skipped += counts[Outcome.SKIPPED]
    history.refused += counts[Outcome.REFUSED]
    history.rows_read += len(chunk)
    history.bytes_done = min(file.done(), history.bytes_total)
    with act.write():
        HistoryRow.objects.bulk_create(_rows(history, verdicts))
    history_go_on(act, history)


Told = tuple[Place, Outcome | None, str, str]  # None: brought, and no play


class _Chunk:
    """What one transaction takes."""

    def __init__(self, act: Deliberation, history: History) -> None:
        self.user, self.history = act.user, history

    def taken(self, chunk: Sequence[Found]) -> list[Told]:
        """A verdict for each, in their order."""
        plays = [what for _place, what in chunk if isinstance(what, IncomingPlay)]
        told = iter(plays_ingest(user=self.user, plays=plays, history=self.history.pk) if plays else ())
        verdicts: list[Told] = []
        for place, what in chunk:
            if isinstance(what, IncomingPlay):
                verdict = next(told)
                verdicts.append((place, verdict.outcome, verdict.code, verdict.field or ""))
            elif isinstance(what, Left):
                verdicts.append((place, what.outcome, what.code, what.field))
            else:
                verdicts += self._brought(place, what)
        return verdicts

    def _brought(self, place: Place, what: ListedPlaylist | Said) -> list[Told]:
        try:
            with transaction.atomic():
                return list(
                    self._playlist(place, what)
                    if isinstance(what, ListedPlaylist)
                    else self._word(place, what)
                )
        except Refusal as refusal:
            private = refusal.specific_code == "PRIVATE_SESSION"
            outcome = Outcome.SKIPPED if private else Outcome.REFUSED
            return [(place, outcome, refusal.specific_code, refusal.field or "")]

    def _word(self, place: Place, said: Said) -> Iterator[Told]:
        kind = FeedbackKind.LIKE if said.liked else FeedbackKind.DISLIKE
        with tracks_named([_named(said.track)]) as (key,):
            given = feedback_bring(user=self.user, item=tracks_get([key]).get(), kind=kind, said_at=said.at)
            if given is None:
                word_told_again(self.history, key, kind)
            else:
                HistoryWord.objects.create(history=self.history, feedback=given, said_at=given.given_at)
        if given is None:
            yield place, Outcome.DUPLICATE, "SAID_ALREADY", ""
            return
        self.history.words_said += 1
        yield place, None, "", ""

    def _playlist(self, place: Place, listed: ListedPlaylist) -> Iterator[Told]:
        """Entries that nobody could look up are left out, each by its place in the list."""
        names: list[Words] = []
        for number, track in enumerate(listed.tracks, start=1):
            try:
                names.append(_named(track))
            except Refusal as refusal:
                yield Place(place.part, number), Outcome.REFUSED, refusal.specific_code, refusal.field or ""
        title = name_clean(text(listed.title, "title"), field="title", length=LARGEST_DOCUMENT)
        description, remark = _description(listed.description)
        with tracks_named(names) as keys:
            made = playlist_bring(
                owner=self.user,
                title=title[:TITLE_LENGTH].rstrip(),
                description=description,
                track_ids=keys,
                history=self.history,
            )
        if made is None:
            yield place, Outcome.DUPLICATE, "PLAYLIST_THERE", ""
            return
        self.history.playlists_made += 1
        if remark:
            yield place, Outcome.SKIPPED, remark, "description"
        if len(title) > TITLE_LENGTH:
            yield place, Outcome.SKIPPED, "INVALID_TOO_LONG", "title"
        yield place, None, "", ""


def _named(track: ListedTrack) -> Words:
    """Raises InvalidInput. Ids that are none are left out: the words are what counts."""
    return words_clean(
        IncomingPlay(
            source="", listened_at=None, title=track.title, artist=track.artist, album=track.album, mbid=track.mbid,
            isrc=track.isrc, duration_ms=track.duration_ms,
        )
    )  # fmt: skip


def _description(value: object) -> tuple[str, str]:
    """What is said of a playlist, as far as it is kept; and why not all of it is."""
    if value is None:
        return "", ""
    try:
        whole = prose_clean(text(value, "description"), field="description", length=LARGEST_DOCUMENT)
    except InvalidInput as refusal:
        return "", refusal.specific_code
    kept = whole[:DESCRIPTION_LENGTH].rstrip()
    return kept, "" if kept == whole else "INVALID_TOO_LONG"


def _rows(history: History, verdicts: Iterable[Told]) -> Iterator[HistoryRow]:
    """What was not stored; what stands one behind the other for one reason is one row."""
    row: HistoryRow | None = None
    for place, outcome, code, field in verdicts:
        if outcome is None or outcome is Outcome.STORED:
            continue
        same = row is not None and (row.part, row.last + 1, row.outcome, row.code, row.field) == (
            place.part, place.row, outcome.value, code[:32], field[:32],
        )  # fmt: skip
        if row is not None and same:
            row.last = place.row
            continue
        if row is not None:
            yield row
        row = HistoryRow(
            user_id=history.user_id, history=history, part=place.part, first=place.row, last=place.row,
            outcome=outcome.value, code=code[:32], field=field[:32],
        )  # fmt: skip
    if row is not None:
        yield row
