"""A round from its hellos to the sum of all: begun, masked, joined or dropped."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from discovery.platform import clock
from graph.elsewhere.document import HELLO, MASKED, SUMS, document_read
from graph.elsewhere.large import Large, large_read, large_write
from graph.exchange.contribute import Noise, contribution
from graph.exchange.federation import ensure_adds_up
from graph.exchange.files import drafted, ensure_writable, file_read, file_write, our_key, told_by_us
from graph.exchange.leaving import allowed
from graph.exchange.rounds.agreement import Agreement, Hello, agreement_of, hello_read, hello_write
from graph.exchange.rounds.cells import layout, share_document, share_of
from graph.exchange.rounds.held import held_begin, held_get
from graph.exchange.rounds.joined import PREFIX, bundles_of_any
from graph.exchange.rounds.masks import BLOCK, added_up, masked, masks_of
from graph.exchange.rounds.refusals import foreign, incomplete
from graph.models import Bundle


@dataclass(frozen=True, kw_only=True)
class JoinedRound:
    """What came of adding a round up."""

    bundle: Bundle
    servers: int
    replaced: int  # sums that its servers had in use here before


def round_begin(path: Path, *, round_id: str | None = None, most: int | None = None) -> str:
    """Write a hello, for a new round or the one that others have begun; returns which.

    Raises Conflict (BUNDLE_EMPTY, ROUND_THERE), InvalidInput (BUNDLE_INVALID) where ``round_id`` is none, or
    (FILE_UNWRITABLE); then nothing is kept.
    """
    ensure_writable(path)
    learned, ours = allowed()
    held, public = held_begin(secrets.token_hex(16) if round_id is None else round_id)
    try:
        blob = hello_write(
            learned, ours, round_id=held.round_id, public=public, secret=settings.SIGNING_KEY,
            told=told_by_us(), most=most,
        )  # fmt: skip
        held.keep_hello(blob)
        file_write(path, blob)
    except BaseException:
        held.forget()
        raise
    return held.round_id


def round_mask(
    path: Path, hellos: Sequence[Path], *, trusted: Collection[str] = (), epsilon: float | None = None
) -> Agreement:
    """Write the sums of those here who allow it, masked for the servers of these hellos; once a round.

    Raises what `file_read` does, InvalidInput or Conflict as `agreement_of` and `layout`, NotFound (ROUND_UNKNOWN),
    Conflict (BUNDLE_EMPTY, ROUND_KEY_USED), InvalidInput (FILE_UNWRITABLE); only after the last of these checks is the key spent.
    """
    ensure_writable(path)
    agreement, blobs = _agreed(hellos, trusted)
    held = held_get(agreement.round_id)
    private, parts = held.private(), layout(agreement)
    learned, ours = allowed()
    told, noise = told_by_us(), None if epsilon is None else Noise(epsilon)
    plain = contribution(learned, ours, secret=settings.SIGNING_KEY, told=told, noise=noise)
    share = share_of(document_read(plain, expected=SUMS), agreement, parts)
    masks = masks_of(private, agreement, signer=our_key())
    manifest = {
        **told,
        "type": MASKED,
        "round": agreement.round_id,
        "agreement": agreement.digest,
        "noise": None if noise is None else noise.told(),
    }
    size = parts[-1].stop
    with drafted(path) as draft:
        # First spent, then written: what leaves under these masks leaves once, whatever breaks off in between.
        held.spend()
        held.keep_share(plain, blobs)
        large_write(draft, manifest, masked(share, masks, size=size), size=size, secret=settings.SIGNING_KEY)
    return agreement


def round_join(files: Sequence[Path]) -> JoinedRound:
    """Let the next training add the sums of all other servers of a round, in place of what these said before.

    Whose files are taken was said when ours was masked. Raises InvalidInput (BUNDLE_UNREADABLE, BUNDLE_FORGED, BUNDLE_INVALID,
    ROUND_FOREIGN, ROUND_GARBLED), NotFound (ROUND_UNKNOWN), Conflict (ROUND_INCOMPLETE); then nothing has changed.
    """
    read = [large_read(path, expected=MASKED) for path in files]
    rounds = sorted({str(one.manifest.get("round")) for one in read})
    if len(rounds) != 1:
        raise foreign("the files are of several rounds, or there are none")
    held = held_get(rounds[0])
    plain = document_read(held.share(), expected=SUMS)
    agreement = agreement_of([hello_read(document) for document in held.agreed()])
    _ensure_theirs(read, agreement)
    parts = layout(agreement)
    size = parts[-1].stop
    others = added_up([one.blocks(BLOCK) for one in read], share_of(plain, agreement, parts), size=size)
    told = {
        "madeAt": clock.now().isoformat(),
        "round": agreement.round_id,
        "servers": [signer for signer in agreement.publics if signer != our_key()],
        "noise": {one.signer: one.manifest.get("noise") for one in read},
    }
    blob = share_document(others, agreement, parts, secret=settings.SIGNING_KEY, told=told)
    document = document_read(blob, expected=SUMS)
    ensure_adds_up(document)
    with transaction.atomic():
        before = bundles_of_any(told["servers"])
        for bundle in before:
            bundle.delete()
        bundle = Bundle.objects.create(
            kind=Bundle.Kind.SUMS, digest=document.digest, signer=f"{PREFIX}{agreement.round_id}",
            made_at=clock.now(), body=blob,
        )  # fmt: skip
    held.forget()
    return JoinedRound(bundle=bundle, servers=len(agreement.publics), replaced=len(before))


def round_drop(round_id: str) -> None:
    """Forget a round that was begun and not joined. Raises InvalidInput (BUNDLE_INVALID), NotFound (ROUND_UNKNOWN)."""
    held_get(round_id).forget()


def _agreed(paths: Sequence[Path], trusted: Collection[str]) -> tuple[Agreement, list[bytes]]:
    """What these hellos and our own come to, and the files."""
    hellos: dict[str, Hello] = {}
    blobs: dict[str, bytes] = {}
    for path in paths:
        document, blob = file_read(path, expected=HELLO, trusted={*trusted, our_key()})
        hello = hello_read(document)
        if hellos.get(hello.signer, hello).digest != hello.digest:
            raise foreign("two hellos are of one server")
        hellos[hello.signer], blobs[hello.signer] = hello, blob
    agreement = agreement_of(list(hellos.values()))
    ours = hello_read(held_get(agreement.round_id).hello())
    if our_key() not in hellos or hellos[our_key()].digest != ours.digest:
        raise foreign("this installation's own hello is not among them as it was written")
    return agreement, [blobs[signer] for signer in sorted(blobs)]


def _ensure_theirs(read: Sequence[Large], agreement: Agreement) -> None:
    """Raises InvalidInput (ROUND_FOREIGN), Conflict (ROUND_INCOMPLETE)."""
    signers = [one.signer for one in read]
    if not set(signers) <= set(agreement.publics):
        raise foreign("somebody signed it who has no part in it")
    missing = [signer for signer in agreement.publics if signer not in signers]
    twice = [signer for signer in agreement.publics if signers.count(signer) > 1]
    if missing or twice:
        raise incomplete(missing, twice)
    if any(one.manifest.get("agreement") != agreement.digest for one in read):
        raise foreign("it was masked for other hellos")
