"""Sums of other installations, joined and taken back. What is learned adds up those that are there: nothing remembers the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from discovery.platform.errors import Conflict, NotFound
from graph.elsewhere.document import SUMS, Document, invalid
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.names import names_read
from graph.exchange.bring import names_bring
from graph.exchange.contribute import Noise, contribution, rows_told
from graph.exchange.files import ensure_not_ours, ensure_writable, file_read, file_write, made_at, told_by_us
from graph.exchange.leaving import allowed
from graph.exchange.rounds.joined import PREFIX, bundles_of_any
from graph.exchange.rounds.refusals import overlaps
from graph.ml.config import RecommenderConfig
from graph.models import Bundle


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What came of joining an installation's sums."""

    bundle: Bundle
    replaced: bool  # what it said before
    brought: dict[str, int]  # what the catalog had not


def federation_contribute(path: Path, *, epsilon: float | None = None) -> int:
    """Write the sums of those here who allow it; returns its bytes.

    Raises Conflict (BUNDLE_EMPTY) where nothing may leave, InvalidInput (FILE_UNWRITABLE).
    """
    ensure_writable(path)
    learned, ours = allowed()
    blob = contribution(
        learned,
        ours,
        secret=settings.SIGNING_KEY,
        told=told_by_us(),
        noise=None if epsilon is None else Noise(epsilon),
    )
    file_write(path, blob)
    return len(blob)


def federation_join(path: Path, *, trusted: Collection[str] = (), only_known: bool = False) -> Joined:
    """Let the next training add an installation's sums, in place of what it said before.

    ``only_known``: leave the catalog as it is; what it does not know is then left out. Raises InvalidInput or NotAllowed as
    `file_read`, InvalidInput (BUNDLE_OURS) for our own, and Conflict where it is joined already: as it is (BUNDLE_THERE), or within
    a round (ROUND_OVERLAPS), or in a later state (BUNDLE_OLDER); then nothing has changed.
    """
    document, blob = file_read(path, expected=SUMS, trusted=trusted)
    ensure_not_ours(document)
    moment = made_at(document)
    if any(bundle.signer != document.signer for bundle in bundles_of_any([document.signer])):
        raise overlaps(document.signer)
    if Bundle.objects.filter(digest=document.digest).exists():
        raise Conflict("These sums are joined already.", code="BUNDLE_THERE")
    held = Bundle.objects.filter(kind=Bundle.Kind.SUMS, signer=document.signer)
    if held.filter(made_at__gt=moment).exists():
        raise Conflict("A later file of this installation is joined already.", code="BUNDLE_OLDER")
    ensure_adds_up(document)
    with transaction.atomic():
        brought = {} if only_known else names_bring(names_read(document.arrays))
        before = held.delete()[0]
        bundle = Bundle.objects.create(
            kind=Bundle.Kind.SUMS, digest=document.digest, signer=document.signer, made_at=moment, body=blob
        )
    return Joined(bundle=bundle, replaced=bool(before), brought=brought)


def ensure_adds_up(document: Document) -> None:
    """Raises InvalidInput (BUNDLE_INVALID) where it contradicts itself, or made rows of plays otherwise than is done here."""
    if document.manifest.get("rows") != rows_told(RecommenderConfig().memory):
        raise invalid("its rows are made otherwise than here")
    sums_laid([document], names_read(document.arrays))


@transaction.atomic
def federation_leave(signer: str) -> Bundle:
    """Add these sums no more, from the next training on: a key's, or a round's; as much of either as tells it. Raises NotFound."""
    sums = Bundle.objects.filter(kind=Bundle.Kind.SUMS)
    named = Q(signer__startswith=signer) | Q(signer__startswith=f"{PREFIX}{signer}")
    found = list(sums.filter(named)[:2]) if signer else []
    if len(found) > 1:
        raise NotFound("Several joined installations or rounds begin so: name more of it.")
    if not found:
        raise NotFound("No joined installation or round goes by this key.")
    found[0].delete()
    return found[0]
