"""Files between installations: written whole, and read no further than they may be long."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts.signatures import public_key_text
from discovery.platform import clock
from discovery.platform.errors import InvalidInput
from graph.elsewhere.document import LARGEST, Document, document_read, ensure_trusted, invalid, unreadable
from graph.models import Bundle
from graph.training.lineage import code_commit


def told_by_us() -> dict[str, object]:
    """What every document of this installation says of itself."""
    return {"madeAt": clock.now().isoformat(), "commit": code_commit()}


def ensure_writable(path: Path) -> None:
    """Asked before anything is made for it, or a key is spent. Raises InvalidInput (FILE_UNWRITABLE)."""
    if path.is_dir():
        raise unwritable(path, "it is a folder")
    if not path.parent.is_dir():
        raise unwritable(path, "there is no such folder")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise unwritable(path, "nothing may be written into this folder")


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A new file for its owner alone, which takes the place of ``path`` at the end: all of it or nothing.

    Raises InvalidInput (FILE_UNWRITABLE); nothing is left then, as after any other error.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
        draft.replace(path)
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):  # gone where it took its place, or never there
            draft.unlink()


def file_write(path: Path, blob: bytes) -> None:
    """The whole file or none, for its owner to read: whom it goes to is theirs to say. Raises as `drafted`."""
    with drafted(path) as draft:
        draft.write_bytes(blob)


def unwritable(path: Path, why: str) -> InvalidInput:
    """The refusal of a place to write to."""
    return InvalidInput(f"{path} cannot be written: {why}.", code="FILE_UNWRITABLE")


def file_read(path: Path, *, expected: str, trusted: Collection[str]) -> tuple[Document, bytes]:
    """A document whose signer the operator trusts: names here, or has taken a document of before.

    Raises InvalidInput (BUNDLE_UNREADABLE, BUNDLE_FORGED, BUNDLE_INVALID) or NotAllowed (BUNDLE_UNTRUSTED).
    """
    try:
        if path.exists() and not path.is_file():
            raise unreadable("it is no file")
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
