"""What this installation keeps of a round until it is added up: files of its own, which nobody else may read.

A folder for each round holds ``key`` (private, until it has masked something), ``hello`` (what was sent), and from then on ``share``
(what was masked, without masks) and ``agreed`` (everybody's hellos). All of it goes with the round.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings

from discovery.platform.errors import Conflict, InvalidInput
from graph.elsewhere.document import HELLO, Document, document_read
from graph.exchange.rounds.agreement import ROUND_ID
from graph.exchange.rounds.refusals import key_used, unknown

KEY, GREETING, SHARE, AGREED = "key", "hello", "share", "agreed"


@dataclass(frozen=True)
class Held:
    """One round here."""

    round_id: str
    folder: Path

    def private(self) -> bytes:
        """The key, to mask with. Raises Conflict (ROUND_KEY_USED)."""
        try:
            return (self.folder / KEY).read_bytes()
        except FileNotFoundError as error:
            raise key_used("it has masked something already") from error

    def spend(self) -> None:
        """From here on nothing can be masked with the key. Raises Conflict (ROUND_KEY_USED), to all but one who try at once."""
        try:
            (self.folder / KEY).unlink()
        except FileNotFoundError as error:
            raise key_used("it has masked something already") from error

    def keep_hello(self, blob: bytes) -> None:
        _write(self.folder / GREETING, blob)

    def hello(self) -> Document:
        """What we sent. Raises NotFound (ROUND_UNKNOWN)."""
        return document_read(self._read(GREETING), expected=HELLO)

    def keep_share(self, share: bytes, hellos: Sequence[bytes]) -> None:
        (self.folder / AGREED).mkdir(mode=0o700)
        for number, hello in enumerate(hellos):
            _write(self.folder / AGREED / str(number), hello)
        _write(self.folder / SHARE, share)

    def share(self) -> bytes:
        """What we masked, without masks. Raises NotFound (ROUND_UNKNOWN) where nothing is masked yet."""
        return self._read(SHARE)

    def agreed(self) -> list[Document]:
        """The hellos that we masked for."""
        return [
            document_read(path.read_bytes(), expected=HELLO)
            for path in sorted((self.folder / AGREED).iterdir())
        ]

    @property
    def masked(self) -> bool:
        return (self.folder / SHARE).exists()

    def forget(self) -> None:
        shutil.rmtree(self.folder)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise unknown(self.round_id) from error


def held_begin(round_id: str) -> tuple[Held, bytes]:
    """A folder with a new key; and what it is known by. Raises InvalidInput (BUNDLE_INVALID), Conflict (ROUND_THERE)."""
    held = Held(round_id, _folder(round_id))
    held.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        held.folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise Conflict(
            "This round is begun here already; `federation_round drop` forgets it.", code="ROUND_THERE"
        ) from error
    key = X25519PrivateKey.generate()
    _write(held.folder / KEY, key.private_bytes_raw())
    return held, key.public_key().public_bytes_raw()


def held_get(round_id: str) -> Held:
    """Raises InvalidInput (BUNDLE_INVALID) for what is no round's name, NotFound (ROUND_UNKNOWN)."""
    held = Held(round_id, _folder(round_id))
    if not held.folder.is_dir():
        raise unknown(round_id)
    return held


def held_all() -> Iterator[Held]:
    """The rounds that are not added up yet."""
    rounds = Path(settings.HOME_DIR) / "rounds"
    for folder in sorted(rounds.iterdir()) if rounds.is_dir() else ():
        yield Held(folder.name, folder)


def _folder(round_id: str) -> Path:
    if not ROUND_ID.fullmatch(round_id):
        raise InvalidInput(
            f"{round_id!r} is no round's name, which is 32 hexadecimal digits.", code="BUNDLE_INVALID"
        )
    return Path(settings.HOME_DIR) / "rounds" / round_id


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
