"""Where models lie: a few files below each one's id, in a folder or in a store that several machines share.

``ARTIFACT_DIR`` is the folder. Where ``ARTIFACT_STORE`` names an address as fsspec reads it (``s3://bucket/models``), models
lie there instead, and machines that serve keep no file of them: what an erasure removes there is nowhere else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from django.conf import settings

from graph.serving.artifact import MANIFEST

# What a file system says of a file that is not there, or that the disk has lost; everything else may pass.
LOST = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}


class FileLost(Exception):
    """A model's file is not there, and waiting does not bring it back."""


class StoreUnreachable(Exception):
    """Where models lie does not answer, or not to us: nothing is known of them."""


class ArtifactStore(ABC):
    """Reads and writes whole models."""

    @abstractmethod
    def read(self, version_id: uuid.UUID, name: str) -> bytes:
        """Raises FileLost or StoreUnreachable."""

    @abstractmethod
    def put(self, version_id: uuid.UUID, draft: Path) -> None:
        """Keep a draft's files as this model's, whole or not at all; the draft may be moved."""

    @abstractmethod
    def remove(self, version_id: uuid.UUID) -> None:
        """Without effect where there is nothing."""

    @abstractmethod
    def sweep(self, *, kept: Collection[uuid.UUID], known: Collection[uuid.UUID]) -> list[str]:
        """Remove the models that are not kept; returns their names. ``known``: those that the database knows of."""


def artifact_store() -> ArtifactStore:
    """The one that the settings name."""
    return _Shared(settings.ARTIFACT_STORE) if settings.ARTIFACT_STORE else _Folder(settings.ARTIFACT_DIR)


def artifact_directory(version_id: uuid.UUID) -> Path:
    """Where a model's files lie in the folder."""
    return Path(settings.ARTIFACT_DIR) / str(version_id)


def manifest_hash(directory: Path) -> str:
    return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()


def sync(path: Path) -> None:
    """Wait until the disk has it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Folder(ArtifactStore):
    """One machine's, or a folder that all mount. Whoever puts or sweeps holds the folder's lock."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    def read(self, version_id: uuid.UUID, name: str) -> bytes:
        try:
            return (self._root / str(version_id) / name).read_bytes()
        except OSError as error:
            if error.errno in LOST and self._root.is_dir():
                raise FileLost(str(error)) from error
            raise StoreUnreachable(str(error)) from error

    def put(self, version_id: uuid.UUID, draft: Path) -> None:
        draft.rename(self._root / str(version_id))
        sync(self._root)

    def remove(self, version_id: uuid.UUID) -> None:
        shutil.rmtree(self._root / str(version_id), ignore_errors=True)

    def sweep(self, *, kept: Collection[uuid.UUID], known: Collection[uuid.UUID]) -> list[str]:
        gone = [key for key in _ids(path.name for path in self._root.iterdir()) if key not in kept]
        for key in gone:
            shutil.rmtree(self._root / str(key))
        return [str(key) for key in gone]


class _Shared(ArtifactStore):
    """Any store that fsspec reads. A model is there when its manifest is, which comes last."""

    def __init__(self, address: str) -> None:
        with _answering(address):
            self._files, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
        self._address, self._root = address, root.rstrip("/")

    def _path(self, version_id: uuid.UUID, *name: str) -> str:
        return "/".join((self._root, str(version_id), *name))

    def read(self, version_id: uuid.UUID, name: str) -> bytes:
        with _answering(self._address):
            try:
                blob: bytes = self._files.cat_file(self._path(version_id, name))
            except FileNotFoundError as error:
                raise FileLost(f"{self._path(version_id, name)} is not there") from error
        return blob

    def put(self, version_id: uuid.UUID, draft: Path) -> None:
        with _answering(self._address):
            for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
                self._files.pipe_file(self._path(version_id, path.name), path.read_bytes())

    def remove(self, version_id: uuid.UUID) -> None:
        with _answering(self._address):
            try:
                self._files.rm(self._path(version_id), recursive=True)
            except FileNotFoundError:
                return

    def sweep(self, *, kept: Collection[uuid.UUID], known: Collection[uuid.UUID]) -> list[str]:
        """Another machine may be putting a model that no row names yet, so that one is left until no training lasts so long."""
        with _answering(self._address):
            try:
                listed = self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return []
        latest: dict[str, float] = {}
        for path, about in listed.items():
            name = path.removeprefix(f"{self._root}/").split("/")[0]
            latest[name] = max(latest.get(name, 0.0), _written_at(about))
        old = time.time() - settings.TRAINING_SECONDS
        gone = [key for key in _ids(latest) if key not in kept and (key in known or latest[str(key)] < old)]
        for key in gone:
            self.remove(key)
        return [str(key) for key in gone]


def _ids(names: Collection[str] | Iterator[str]) -> Iterator[uuid.UUID]:
    """Those of models; whatever else lies there is not ours."""
    for name in sorted(names):
        try:
            yield uuid.UUID(name)
        except ValueError:
            continue


def _written_at(about: dict[str, Any]) -> float:
    written = about.get("LastModified") or about.get("created") or about.get("mtime") or time.time()
    return float(written.timestamp() if hasattr(written, "timestamp") else written)


@contextmanager
def _answering(address: str) -> Iterator[None]:
    """A missing file is the caller's to explain; all else that a store can fail with is one thing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except _failures() as error:
        raise StoreUnreachable(f"{address.split('://', maxsplit=1)[0]} store: {error}") from error


def _failures() -> tuple[type[Exception], ...]:
    """OSError, and what S3's client fails with beside it, where that is installed."""
    try:
        from botocore.exceptions import BotoCoreError
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError)
