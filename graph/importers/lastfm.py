"""Import of the Last.fm HetRec 2011 files: streaming, idempotent, whole or not at all.

Play counts stay counts by artist; no plays are invented. Listeners arrive with every purpose
undefined, and so without their plays, unless their consent is assumed for research: then the ledger says so.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Manager
from django.utils import timezone

from accounts.intake import observable, observed_keep, restoring
from accounts.models import Block, Consent, Friendship, User
from accounts.services.identity import ended_among
from discovery.platform.names import name_key
from graph.importers.lastfm_people import consents_assume, listeners_get_or_create
from graph.importers.lastfm_rows import (
    ARTISTS,
    COUNTS,
    FRIENDS,
    TABLES,
    TAGGINGS,
    TAGS,
    ArtistRow,
    CountRow,
    FriendRow,
    TaggingRow,
    TagRow,
)
from graph.importers.report import ALREADY_STORED, FileReport, ImportReport, Silent, Watcher
from graph.importers.tables import Row, Table, batches, row_break, rows, tables_check
from graph.ingest.artists import artists_arrived
from graph.ingest.credits import is_placeholder
from graph.models import Artist, ArtistPlayCount, Standing, Tag, Tagging
from graph.services.tags import tags_refresh

SOURCE = "lastfm-hetrec2011"
BATCH = 5000  # rows stored at a time
FILLED = (User, Consent, Friendship, Artist, ArtistPlayCount, Tag, Tagging)

T = TypeVar("T")


def lastfm_import(
    *, folder: Path, assume_consent: bool = False, watcher: Watcher | None = None
) -> ImportReport:
    """Store what the folder's files say and is not stored yet.

    Raises ImportFailed, before anything is stored, when a file is missing, empty or not what it should be.
    """
    tables_check(folder, list(TABLES))
    with transaction.atomic():
        run = _Import(folder, watcher or Silent(), assume_consent=assume_consent)
        run.table(ARTISTS, run.artists)
        run.table(TAGS, run.tags)
        run.catalog_load()
        run.table(COUNTS, run.counts)
        run.table(FRIENDS, run.friends)
        run.table(TAGGINGS, run.taggings)
        run.artists_join()
        _count_anew()
        tags_refresh()
    return run.report


def _count_anew() -> None:
    """Have PostgreSQL gather statistics of the new rows: with the old ones it may plan queries that take minutes."""
    if connection.vendor == "postgresql":
        tables = [connection.ops.quote_name(model._meta.db_table) for model in FILLED]  # noqa: SLF001 Django documents it
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


class _Import:
    """One run: the ids it met so far, and its report. A batch goes in, rows of one table go out."""

    def __init__(self, folder: Path, watcher: Watcher, *, assume_consent: bool) -> None:
        self.assume_consent = assume_consent
        self.folder, self.watcher, self.report = folder, watcher, ImportReport()
        self.file = FileReport("")  # the report on the file being read
        self.external_ids: set[str] = set()
        self.artist_ids: dict[str, int] = {}
        self.tag_names: dict[str, str] = {}  # tagID → name
        self.tag_owners: dict[str, str] = {}  # name → the tagID that brought it
        self.tag_ids: dict[str, int] = {}  # tagID → primary key
        self.listeners: dict[str, int] = {}
        self.recording: frozenset[int] = frozenset()  # of the batch, those who let their plays be kept

    def table(self, table: Table[T], store: Callable[[list[Row[T]]], None]) -> None:
        self.file = FileReport(table.file)
        self.report.files.append(self.file)
        self.watcher.file_started(table.file, size=(self.folder / table.file).stat().st_size)
        parsed = rows(self.folder, table, report=self.file, watcher=self.watcher)
        for batch in batches(parsed, BATCH):
            store(batch)
        self.watcher.file_done(self.file)

    def artists(self, batch: list[Row[ArtistRow]]) -> None:
        ids = {row.value.artist for row in batch}
        self.external_ids |= ids
        known = set(Artist.objects.filter(external_id__in=ids).values_list("external_id", flat=True))
        self._store(
            Artist.objects,
            (
                (
                    row.value.artist,
                    {
                        "external_id": row.value.artist,
                        "name": row.value.name,
                        "standing": Standing.CATALOG,
                        "placeholder": is_placeholder(name_key(row.value.name)),
                    },
                )
                for row in batch
            ),
            known,
        )

    def tags(self, batch: list[Row[TagRow]]) -> None:
        fresh = [row for row in batch if self._tag_is_new(row)]
        names = {row.value.name for row in fresh}
        known = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
        self._store(
            Tag.objects,
            ((row.value.name, {"name": row.value.name, "standing": Standing.CATALOG}) for row in fresh),
            known,
        )

    def _tag_is_new(self, row: Row[TagRow]) -> bool:
        tag, name = row.value
        if self.tag_names.setdefault(tag, name) != name:
            row_break(self.file, self.watcher, line=row.line, reason="tagID stands for another tag already")
            return False
        owner = self.tag_owners.setdefault(name, tag)
        if owner != tag:
            self.file.skipped["merged with the tag of the same name"] += 1
            return False
        return True

    def catalog_load(self) -> None:
        """Read the primary keys behind the ids that the files use."""
        artists = Artist.objects.values_list("external_id", "pk").iterator()
        self.artist_ids = {name: pk for name, pk in artists if name is not None}
        by_name = dict(Tag.objects.values_list("name", "pk").iterator())
        self.tag_ids = {tag: by_name[name] for tag, name in self.tag_names.items()}

    def artists_join(self) -> None:
        """What listeners' plays brought of these artists is theirs. Last, as others wait for it."""
        ours = Artist.objects.filter(external_id__in=self.external_ids, identity=None).order_by("pk")
        for batch in batches(ours.iterator(BATCH), BATCH):
            artists_arrived(batch)

    def counts(self, batch: list[Row[CountRow]]) -> None:
        good = self._known(batch, "artist", self.artist_ids)
        self._listeners_load(row.value.listener for row in good)
        good = self._recorded(self._not_erased(good))
        keyed = [(self._listener_artist(row.value), row.value) for row in good]
        known = ArtistPlayCount.objects.filter(source=SOURCE, **_among(key for key, _ in keyed))
        self._store(
            ArtistPlayCount.objects,
            (
                (key, {"user_id": key[0], "artist_id": key[1], "count": value.plays, "source": SOURCE})
                for key, value in keyed
            ),
            set(known.values_list("user_id", "artist_id")),
            insert=lambda counts: observed_keep(counts, people=self.recording, ignore_conflicts=True),
        )

    def _recorded(self, batch: list[Row[CountRow]]) -> list[Row[CountRow]]:
        """The rows of people who let their plays be kept."""
        self.recording = observable({self.listeners[row.value.listener] for row in batch})
        kept = [row for row in batch if self.listeners[row.value.listener] in self.recording]
        if len(kept) < len(batch):
            self.file.skipped["keeping plays (RECORD) is not granted"] += len(batch) - len(kept)
        return kept

    def friends(self, batch: list[Row[FriendRow]]) -> None:
        self._listeners_load(name for row in batch for name in row.value)
        here = [row for row in batch if set(row.value) <= self.listeners.keys()]
        self._skip_erased(len(batch) - len(here))
        pairs = self._not_apart([self._pair(row.value) for row in here])
        ends = {"low__in": {low for low, _ in pairs}, "high__in": {high for _, high in pairs}}
        known = set(Friendship.objects.filter(**ends).values_list("low_id", "high_id"))
        # Asked after `known`: a friendship that ends between the two queries is seen by one of them.
        pairs = self._not_ended(pairs, known)
        accepted = {"state": Friendship.State.ACCEPTED, "accepted_at": timezone.now()}
        self._store(
            Friendship.objects,
            (
                ((low, high), {"low_id": low, "high_id": high, "requested_by_id": low, **accepted})
                for low, high in pairs
            ),
            known,
        )

    def _pair(self, row: FriendRow) -> tuple[int, int]:
        low, high = sorted((self.listeners[row.low], self.listeners[row.high]))
        return low, high

    def _not_apart(self, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Without those where one has blocked the other since."""
        blocks = Block.objects.filter(blocker__in={end for pair in pairs for end in pair})
        apart = {tuple(sorted(pair)) for pair in blocks.values_list("blocker_id", "blocked_id")}
        together = [pair for pair in pairs if pair not in apart]
        if len(together) < len(pairs):
            self.file.skipped["one blocks the other"] += len(pairs) - len(together)
        return together

    def _not_ended(self, pairs: list[tuple[int, int]], known: set[tuple[int, int]]) -> list[tuple[int, int]]:
        """Without those who ended their friendship, unless they made it again: then the row is known."""
        ended = ended_among(set(pairs) - known)
        lasting = [pair for pair in pairs if pair not in ended]
        if len(lasting) < len(pairs):
            self.file.skipped["the friendship was ended"] += len(pairs) - len(lasting)
        return lasting

    def taggings(self, batch: list[Row[TaggingRow]]) -> None:
        good = self._known(self._known(batch, "artist", self.artist_ids), "tag", self.tag_ids)
        self._listeners_load(row.value.listener for row in good)
        good = self._not_erased(good)
        keyed = [
            ((*self._listener_artist(row.value), self.tag_ids[row.value.tag]), row.value) for row in good
        ]
        known = Tagging.objects.filter(**_among((key[0], key[1]) for key, _ in keyed))
        self._store(
            Tagging.objects,
            (
                (key, {"user_id": key[0], "artist_id": key[1], "tag_id": key[2], "tagged_on": value.on})
                for key, value in keyed
            ),
            set(known.values_list("user_id", "artist_id", "tag_id")),
            insert=_put_down,
        )

    def _known(self, batch: list[Row[T]], field: str, ids: dict[str, int]) -> list[Row[T]]:
        """The rows whose ``field`` is an id that a file has introduced."""
        good = []
        for row in batch:
            if getattr(row.value, field) in ids:
                good.append(row)
            else:
                row_break(self.file, self.watcher, line=row.line, reason=f"unknown {field}")
        return good

    def _not_erased(self, batch: list[Row[T]]) -> list[Row[T]]:
        """The rows of listeners who are here: people who were erased do not come back."""
        here = [row for row in batch if _listener(row) in self.listeners]
        self._skip_erased(len(batch) - len(here))
        return here

    def _skip_erased(self, rows: int) -> None:
        if rows:
            self.file.skipped["the listener was erased"] += rows

    def _listeners_load(self, external_ids: Iterable[str]) -> None:
        fresh = set(external_ids) - self.listeners.keys()
        if fresh:
            keys, created = listeners_get_or_create(external_ids=fresh)
            self.listeners |= keys
            self.report.listeners_new += created
            if self.assume_consent:  # before their plays come: the gate asks RECORD
                self.report.consents_assumed_for += consents_assume(user_ids=keys.values())

    def _listener_artist(self, row: CountRow | TaggingRow) -> tuple[int, int]:
        return self.listeners[row.listener], self.artist_ids[row.artist]

    def _store(
        self,
        manager: Manager[Any],
        wanted: Iterable[tuple[Any, dict[str, Any]]],
        known: set[Any],
        *,
        insert: Callable[[list[Any]], object] | None = None,
    ) -> None:
        """Insert the values whose key is neither known nor among the earlier ones; count the rest."""
        total = 0
        fresh: dict[Any, dict[str, Any]] = {}
        for key, values in wanted:
            total += 1
            if key not in known:
                fresh.setdefault(key, values)
        # A concurrent writer may have been faster with the same row: that is what ignore_conflicts is for.
        insert = insert or partial(manager.bulk_create, batch_size=BATCH, ignore_conflicts=True)
        insert([manager.model(**values) for values in fresh.values()])
        self.file.stored += len(fresh)
        if total > len(fresh):
            self.file.skipped[ALREADY_STORED] += total - len(fresh)


def _put_down(taggings: list[Tagging]) -> None:
    """Words that people gave elsewhere were put down by them; they bring their day along."""
    with restoring():
        Tagging.objects.bulk_create(taggings, batch_size=BATCH, ignore_conflicts=True)


def _listener(row: Row[Any]) -> str:
    name: str = row.value.listener
    return name


def _among(keys: Iterable[tuple[int, int]]) -> dict[str, set[int]]:
    """A filter wide enough for every (listener, artist) of a batch."""
    listeners, artists = set(), set()
    for listener, artist in keys:
        listeners.add(listener)
        artists.add(artist)
    return {"user__in": listeners, "artist__in": artists}
