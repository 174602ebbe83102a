"""Files between installations: written whole, and read no further than they may be long."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts.signatures import public_key_text
from discovery.platform import clock
from discovery.platform.errors import InvalidInput
from graph.elsewhere.document import LARGEST, Document, document_read, ensure_trusted, invalid, unreadable
from graph.models import Bundle
from graph.training.lineage import code_commit


def told_by_us(ledger_position: int) -> dict[str, object]:
    """What every document of this installation says of itself."""
    return {"madeAt": clock.now().isoformat(), "commit": code_commit(), "ledgerPosition": ledger_position}


def file_write(path: Path, blob: bytes) -> None:
    """The whole file or none."""
    draft = path.with_name(f"{path.name}.part")
    draft.write_bytes(blob)
    draft.replace(path)


def file_read(path: Path, *, expected: str, trusted: Collection[str]) -> tuple[Document, bytes]:
    """A document whose signer the operator trusts: names here, or has taken a document of before.

    Raises InvalidInput (BUNDLE_UNREADABLE, BUNDLE_FORGED, BUNDLE_INVALID) or NotAllowed (BUNDLE_UNTRUSTED).
    """
    try:
        if path.stat().st_size > LARGEST:
            raise unreadable(f"it is larger than {LARGEST} bytes")
        blob = path.read_bytes()
    except OSError as error:
        raise unreadable(str(error)) from error
    document = document_read(blob, expected=expected)
    ensure_trusted(document, {*trusted, *Bundle.objects.values_list("signer", flat=True).distinct()})
    return document, blob


def made_at(document: Document) -> datetime:
    """When its signer says that it was made."""
    try:
        moment = datetime.fromisoformat(str(document.manifest["madeAt"]))
    except (KeyError, ValueError) as error:
        raise invalid("it does not tell when it was made") from error
    if moment.tzinfo is None:
        raise invalid("it does not tell when it was made")
    return moment


def our_key() -> str:
    """The public key by which others know this installation."""
    return public_key_text(settings.SIGNING_KEY)


def ensure_not_ours(document: Document) -> None:
    """Raises InvalidInput (BUNDLE_OURS): what is ours already would count twice."""
    if document.signer == our_key():
        raise InvalidInput(
            "It is this installation's own, whose listeners count already.", code="BUNDLE_OURS"
        )
