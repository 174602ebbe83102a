"""Plays through the API: many at once, and the correction of one by its listener."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import deliberate
from accounts.models import User
from accounts.presentation import node_shown
from discovery.platform.errors import Conflict, LimitExceeded, NotFound, Refusal
from graph.ingest.catalog import namings_get_or_create, namings_sweep
from graph.ingest.clean import Words, clean
from graph.ingest.follow import deletion_follow
from graph.ingest.incoming import IncomingPlay, Outcome, Verdict
from graph.ingest.plays import plays_gather
from graph.ingest.record import plays_ingest
from graph.ingest.undo import tellings_forget
from graph.models import ItemKind, Listen
from graph.selectors import item_ref

MAX_PLAYS = 100  # in one call


@dataclass(frozen=True)
class RecordedListens:
    """What became of the plays of one call."""

    verdicts: Sequence[Verdict]

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def stored(self) -> int:
        return self.count(Outcome.STORED)

    @property
    def duplicates(self) -> int:
        return self.count(Outcome.DUPLICATE)

    @property
    def refusals(self) -> list[Verdict]:
        """Of plays that were not kept: why."""
        return [verdict for verdict in self.verdicts if verdict.outcome in {Outcome.REFUSED, Outcome.SKIPPED}]


def listens_record(*, user: User, plays: Sequence[IncomingPlay | Refusal]) -> RecordedListens:
    """Store the plays that are new and good; say of each other one why not.

    Raises LimitExceeded for more than ``MAX_PLAYS`` plays, and ConsentMissing where RECORD is not granted.
    """
    if len(plays) > MAX_PLAYS:
        raise LimitExceeded(
            _("At most %(most)d plays are taken at once.") % {"most": MAX_PLAYS}, field="input"
        )
    return RecordedListens(plays_ingest(user=user, plays=plays))


@transaction.atomic
def listen_correct(*, user: User, listen_id: int, play: IncomingPlay) -> Listen:
    """Say what a play of ``user`` was after all; it stays the same play, of the same source and source id.

    What its source says of it from then on is no news.

    Raises:
        NotFound: ``user`` has no such play, or there is no such track.
        InvalidInput: a time or duration that cannot be.
        Conflict: it was, or is now, a private session.

    """
    act = deliberate(user)
    rows = Listen.objects.filter(user=user, pk=listen_id).select_related("track", "naming")
    listen: Listen | None = rows.first()
    if listen is None:
        raise NotFound(_("There is no such play."), field="id")
    told = clean(replace(play, source=listen.source, source_id=listen.source_id), timezone.now())
    if policies.played_in_private(act.user, told.listened_at):
        raise Conflict(_("This was played in a private session."), code="PRIVATE_SESSION")
    before, moment = listen.track, listen.listened_at
    if isinstance(told.told, Words):
        (listen.naming,) = namings_get_or_create([told.told]).values()
        listen.track = listen.naming.track  # type: ignore[assignment]  # a stored naming is of one
    elif node_shown(user, item_ref(ItemKind.TRACK, told.told)) is not None:
        listen.track_id, listen.naming = told.told, None
    else:
        raise NotFound(_("There is no such track."), field="trackId")
    listen.listened_at, listen.ms_played, listen.corrected = told.listened_at, told.ms_played, True
    # What other sources told of it goes along.
    reports = Listen.reports.filter(Q(pk=listen.pk) | Q(echo_of=listen))
    unused = set(reports.values_list("naming", flat=True)) - {None, listen.naming_id}
    with act.write():
        for key, told_at in list(reports.values_list("pk", "listened_at")):
            # The earliest of those that say the same stands for the play: the one that was corrected, whatever its source.
            behind = timedelta() if key == listen.pk else max(told_at - moment, timedelta.resolution)
            Listen.reports.filter(pk=key).update(
                track=listen.track_id, naming=listen.naming, listened_at=listen.listened_at + behind,
                ms_played=listen.ms_played, corrected=True,
            )  # fmt: skip
    tellings_forget(list(reports.values_list("pk", flat=True)))  # it is the listener's own by now
    since, until = min(moment, listen.listened_at), max(moment, listen.listened_at)
    plays_gather(user.pk, tracks={before.pk, listen.track_id}, since=since, until=until)
    namings_sweep(unused)
    deletion_follow(user=user, rows=1, tracks=[before.pk], artists=[before.artist_id])
    listen.refresh_from_db()
    return listen
