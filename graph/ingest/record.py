"""Plays from any door: checked one by one, identified, and stored once each, or said why not.

    clean → known already? → gate (played in private, deleted before) → identify → store → which are one play → outbox

A play costs at most itself: whatever is wrong with one, the others are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import Observer, observe
from accounts.models import User
from accounts.presentation import nodes_shown
from discovery.platform import clock
from discovery.platform.errors import NotFound, Refusal
from graph.ingest.catalog import contested_describe, namings_get_or_create, namings_sweep
from graph.ingest.clean import CleanPlay, Words, clean
from graph.ingest.deleted import deleted_among, names_here, names_told
from graph.ingest.follow import deletion_follow
from graph.ingest.incoming import IncomingPlay, Outcome, Verdict
from graph.ingest.outbox import MOST_NEWS, news_put
from graph.ingest.plays import plays_gather, told_otherwise
from graph.ingest.quota import Quota, quota_exceeded
from graph.ingest.undo import tellers_of, telling_noted, tellings_forget
from graph.models import DeletedPlay, HistoryCorrection, ItemKind, Listen, Naming, Track
from graph.selectors import item_ref

MOST = 1_000  # at once
NEWS = timedelta(hours=1)  # a play that began before is history, such as an import's


@transaction.atomic
def plays_ingest(
    *, user: User, plays: Sequence[IncomingPlay | Refusal], history: int | None = None
) -> list[Verdict]:
    """Take what ``user`` is said to have played; a verdict for each, in their order.

    A ``Refusal`` among the plays is one that its door could not read. ``history``: the import that they come with,
    which may bring more to the catalog than an app may in an hour.

    Raises LimitExceeded for more than ``MOST``, and ConsentMissing where RECORD is not granted: then nothing was
    looked at.
    """
    return _Call(observe(user, quantity=len(plays), most=MOST), plays, history).verdicts()


@dataclass
class _Call:
    observer: Observer
    plays: Sequence[IncomingPlay | Refusal]
    history: int | None
    found: dict[int, Verdict] = field(default_factory=dict)
    earlier: dict[int, list[int]] = field(
        default_factory=dict
    )  # by index: those before it of its source and id

    def __post_init__(self) -> None:
        self.quota = Quota(self.observer.user)

    def verdicts(self) -> list[Verdict]:
        good = self._without_private(self._clean())
        reports, fresh = self._known(good)
        fresh = self._without_deleted(fresh)
        namings, tracks = self._identified({**fresh, **{i: good[i] for i in reports}})
        while instead := self._instead():
            reports = {instead.get(index, index): row for index, row in reports.items()}
            again = {index: good[index] for index in instead.values()}
            fresh |= self._without_deleted({i: play for i, play in again.items() if i not in reports})
            more = self._identified({i: play for i, play in again.items() if i not in self.found})
            namings, tracks = namings | more[0], tracks | more[1]
        fresh = self._without_deleted_tracks(fresh, tracks)
        first_said = self._first_said(namings)
        self._correct(reports, good, namings, tracks)
        self._store(fresh, namings, tracks)
        namings_sweep({namings[index].pk for index in namings.keys() - fresh.keys() - reports.keys()})
        contested_describe({naming.track_id for naming in first_said if naming.track_id is not None})
        return [self.found[index] for index in range(len(self.plays))]

    # -- what can be taken ------------------------------------------------------------------------

    def _clean(self) -> dict[int, CleanPlay]:
        now, good = (
            max(clock.now(), timezone.now()),
            {},
        )  # a play of now is none of the future, whoever is behind
        for index, play in enumerate(self.plays):
            try:
                if isinstance(play, Refusal):
                    raise play
                good[index] = clean(play, now)
            except Refusal as refusal:
                self._refuse(index, refusal)
        return good

    def _refuse(self, index: int, refusal: Refusal) -> None:
        self._say(index, Outcome.REFUSED, refusal.specific_code, refusal.message, refusal.field)

    def _say(
        self, index: int, outcome: Outcome, code: str = "", message: str = "", name: str | None = None,
        *, play: CleanPlay | None = None, listen: int | None = None,
    ) -> None:  # fmt: skip
        dropped = play.dropped if play is not None else ()
        self.found[index] = Verdict(index, outcome, code, message, name, dropped, listen)

    def _without_private(self, plays: dict[int, CleanPlay]) -> dict[int, CleanPlay]:
        public = {}
        for index, play in plays.items():
            if policies.played_in_private(self.observer.user, play.listened_at):
                message = _("This was played in a private session.")
                self._say(index, Outcome.SKIPPED, "PRIVATE_SESSION", message, play=play)
            else:
                public[index] = play
        return public

    def _known(self, plays: dict[int, CleanPlay]) -> tuple[dict[int, Listen], dict[int, CleanPlay]]:
        """By index: the reports that are told again, and the plays that are new. The last word of a call counts."""
        last: dict[tuple[str, str], int] = {}
        for index, play in plays.items():
            if (earlier := last.get((play.source, play.source_id))) is not None:
                self._say(earlier, Outcome.DUPLICATE, play=plays[earlier])
                self.earlier[index] = [*self.earlier.pop(earlier, ()), earlier]
            last[play.source, play.source_id] = index
        by_source: dict[str, list[str]] = defaultdict(list)
        for source, source_id in last:
            by_source[source].append(source_id)
        there: dict[int, Listen] = {}
        for source, ids in by_source.items():
            rows = Listen.reports.filter(user=self.observer.user, source=source, source_id__in=ids)
            for row in rows.select_related("naming"):
                there[last.pop((source, row.source_id))] = row
        return there, {index: plays[index] for index in sorted(last.values())}

    def _instead(self) -> dict[int, int]:
        """By index of what was refused: the last before it of its source and id, which counts instead."""
        instead = {}
        for index in [index for index in self.earlier if index in self.found]:
            before = self.earlier.pop(index)
            if self.found[index].outcome is Outcome.REFUSED:
                instead[index] = before.pop()
                del self.found[instead[index]]
                if before:
                    self.earlier[instead[index]] = before
        return instead

    def _without_deleted(self, plays: dict[int, CleanPlay]) -> dict[int, CleanPlay]:
        told = {index: play.told for index, play in plays.items()}
        names = {
            index: names_told(words) if isinstance(words, Words) else [] for index, words in told.items()
        }
        return self._without_known(plays, names)

    def _without_deleted_tracks(
        self, plays: dict[int, CleanPlay], tracks: Mapping[int, int]
    ) -> dict[int, CleanPlay]:
        """The same, by what they are of: one that is told by other names may be the one that was deleted."""
        kept = {index: play for index, play in plays.items() if index in tracks}
        rows = Track.objects.filter(pk__in={tracks[index] for index in kept}).select_related("artist")
        names = {track.pk: names_here(track) for track in rows} if kept and self._deletes else {}
        return self._without_known(kept, {index: names.get(tracks[index], []) for index in kept})

    def _without_known(
        self, plays: dict[int, CleanPlay], names: Mapping[int, Collection[str]]
    ) -> dict[int, CleanPlay]:
        gone = deleted_among(self.observer.user.pk, plays, names) if self._deletes else set()
        for index in gone:
            self._say(
                index, Outcome.SKIPPED, "DELETED_BEFORE", _("You deleted this play."), play=plays[index]
            )
        return {index: play for index, play in plays.items() if index not in gone}

    @cached_property
    def _deletes(self) -> bool:
        return DeletedPlay.objects.filter(user=self.observer.user).exists()

    # -- what it is -------------------------------------------------------------------------------

    def _identified(self, plays: Mapping[int, CleanPlay]) -> tuple[dict[int, Naming], dict[int, int]]:
        """By index: the naming and the track. A track that is none is refused, and so is what exceeds the quota."""
        wanted = {index: play.told for index, play in plays.items() if isinstance(play.told, int)}
        shown = nodes_shown(self.observer.user, {item_ref(ItemKind.TRACK, key) for key in wanted.values()})
        there = {ref.id for ref in shown}
        for index in wanted.keys() - {index for index, key in wanted.items() if key in there}:
            self._refuse(index, NotFound(_("There is no such track."), field="trackId"))
        tracks = {index: key for index, key in wanted.items() if key in there}
        told = {index: play.told for index, play in plays.items() if isinstance(play.told, Words)}
        digests = {index: words.digest for index, words in told.items()}
        kept = {digests[index]: words for index, words in told.items()}
        if self.history is None:
            kept = self.quota.within(kept)
        by_digest = namings_get_or_create(kept.values())
        namings = {}
        for index, key in digests.items():
            if key not in by_digest:
                self._refuse(index, quota_exceeded())
                continue
            namings[index] = by_digest[key]
            track = by_digest[key].track_id
            if track is None:
                raise RuntimeError("a naming is of no track")
            tracks[index] = track
        return namings, tracks

    def _first_said(self, namings: Mapping[int, Naming]) -> list[Naming]:
        """Those of these that the person used for nothing so far: one more says so from now on."""
        rows = Listen.reports.filter(user=self.observer.user, naming__in=namings.values()).order_by()
        used = set(rows.values_list("naming", flat=True).distinct()) if namings else set()
        return list({naming.pk: naming for naming in namings.values() if naming.pk not in used}.values())

    # -- what becomes of it -----------------------------------------------------------------------

    def _correct(
        self,
        reports: Mapping[int, Listen],
        plays: Mapping[int, CleanPlay],
        namings: Mapping[int, Naming],
        tracks: Mapping[int, int],
    ) -> None:
        """Reports told again: in the same words they are duplicates, in others the new ones stand."""
        unused: set[int] = set()
        notes: list[HistoryCorrection] = []
        tellers = tellers_of([row.pk for row in reports.values()])
        if self.history is None:  # what a player tells is no import's any more
            brought = {row.pk: row.history_id for index, row in reports.items() if index not in self.found}
            tellings_forget([key for key, by in brought.items() if by is not None or key in tellers])
        for index, row in reports.items():
            if index in self.found:  # refused meanwhile
                continue
            play, naming = plays[index], namings.get(index)
            told = (tracks[index], naming.pk if naming else None, play.listened_at, play.ms_played)
            otherwise = told != (
                row.track_id if naming is None else tracks[index],
                row.naming_id, row.listened_at, row.ms_played,
            )  # fmt: skip
            if self.history is not None and not row.corrected:
                last = tellers.get(row.pk, row.history_id)
                notes += telling_noted(self.history, row, last=last, otherwise=otherwise)
            if row.corrected or not otherwise:
                self._say(index, Outcome.DUPLICATE, play=play, listen=row.pk)
                continue
            before, since, until = (
                row.track_id,
                min(row.listened_at, play.listened_at),
                max(row.listened_at, play.listened_at),
            )
            unused |= {row.naming_id} - {None, told[1]}  # type: ignore[arg-type]
            row.track_id, row.naming, row.listened_at, row.ms_played = (
                tracks[index],
                naming,
                play.listened_at,
                play.ms_played,
            )
            self.observer.bring(row, at="listened_at", fields=["track", "naming", "listened_at", "ms_played"])
            plays_gather(row.user_id, tracks={before, row.track_id}, since=since, until=until)
            artists = set(Track.objects.filter(pk=before).values_list("artist_id", flat=True))
            deletion_follow(user=self.observer.user, rows=1, tracks={before}, artists=artists)
            self._say(index, Outcome.CORRECTED, play=play, listen=row.pk)
        HistoryCorrection.objects.bulk_create(notes)
        if unused:
            namings_sweep(unused)

    def _store(
        self, plays: Mapping[int, CleanPlay], namings: Mapping[int, Naming], tracks: Mapping[int, int]
    ) -> None:
        fresh = {index: play for index, play in plays.items() if index not in self.found}
        if not fresh:
            return
        user = self.observer.user
        listens = self.observer.keep(
            (
                Listen(
                    user=user, track_id=tracks[index], naming=namings.get(index), listened_at=play.listened_at,
                    ms_played=play.ms_played, source=play.source, source_id=play.source_id, history_id=self.history,
                )
                for index, play in fresh.items()
            ),
            at="listened_at",
        )  # fmt: skip
        for (index, play), listen in zip(fresh.items(), listens, strict=True):
            self._say(index, Outcome.STORED, play=play, listen=listen.pk)
        moments = [play.listened_at for play in fresh.values()]
        since, until = min(moments), max(moments)
        sources = {play.source for play in fresh.values()}
        gathered = len(sources) > 1 or told_otherwise(user.pk, sources=sources, since=since, until=until)
        if gathered:
            plays_gather(user.pk, tracks={row.track_id for row in listens}, since=since, until=until)
        self._tell(listens, echoes=gathered)

    def _tell(self, listens: Sequence[Listen], *, echoes: bool) -> None:
        """Friends hear of plays of now, of each once, whoever else reports it."""
        since = clock.now() - NEWS
        news = [listen for listen in listens if listen.listened_at >= since]
        if not echoes:  # else which of them are plays is asked when they are told
            news = sorted(news, key=lambda listen: listen.listened_at)[-MOST_NEWS:]
        news_put(user=self.observer.user, listens=[listen.pk for listen in news])
