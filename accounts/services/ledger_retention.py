"""The end of the ledger's lines: some years after an account is gone, its chain goes and its hashes stay.

What stays (`LedgerTombstone`) says nothing of what was answered; with it every head ever published still verifies.
The database lets a line go only where its hash is kept and its time is over.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import ConsentEvent, LedgerTombstone, User
from accounts.services.audit import ledger_verify
from accounts.services.ledger_head import chain_of, ledger_head_newest, ledger_head_publish, ledger_lock

logger = logging.getLogger(__name__)

LEDGER_KEPT = timedelta(
    days=3 * 365 + 1
)  # after the account's end: so long a permission may have to be shown
_BATCH = 1_000


def chains_over(*, ended: Collection[UUID], ending: Collection[UUID]) -> list[UUID]:
    """Subjects whose chains have had their time: accounts that ``ended`` that long ago, and nobody's old chains.

    An account that went without an erasure has no date; there, the last line is it. ``ending`` are not done yet.
    """
    before = timezone.now() - LEDGER_KEPT
    people = User.objects.values("pseudonym")
    old = (
        ConsentEvent.objects.exclude(subject__in=people)
        .exclude(subject__in=ending)
        .order_by()
        .values("subject")
        .annotate(last=Max("occurred_at"))
        .filter(last__lt=before)
        .values_list("subject", flat=True)
    )
    dated = ConsentEvent.objects.filter(subject__in=ended).exclude(subject__in=people)
    return sorted({*old, *dated.order_by().values_list("subject", flat=True).distinct()}, key=str)


@transaction.atomic
def chains_retire(*, subjects: Collection[UUID]) -> int:
    """Let go of these chains, and sign a head that says so; return how many lines went.

    None goes while the ledger does not verify: nobody is to hide a change behind the end of somebody's time.
    """
    if not subjects:
        return 0
    ledger_lock()
    if problems := list(ledger_verify()):
        logger.error("no line of the ledger goes while it does not verify: %s", problems[0])
        return 0
    newest = ledger_head_newest()
    number = newest.number + 1 if newest else 1
    lines = ConsentEvent.objects.filter(subject__in=subjects)
    LedgerTombstone.objects.bulk_create(
        [
            LedgerTombstone(position=position, chain=chain_of(subject), hash=line_hash, head=number)
            for position, subject, line_hash in lines.order_by("pk").values_list("pk", "subject", "hash")
        ],
        batch_size=_BATCH,
    )
    gone, _models = lines.delete()
    ledger_head_publish()
    return gone
