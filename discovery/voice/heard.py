"""What the process that hears makes of samples; and that process, started when first asked and asked by one at a time."""

from __future__ import annotations

import atexit
import json
import math
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from threading import Lock

from discovery.platform.errors import VoiceUnavailable
from discovery.voice import ear
from discovery.voice.phrases import jsgf

WAITS = 2.0  # seconds that somebody waits for whom it hears before them
EVEN, STEEP, OF_SOUNDS = 0.42, 8.0, 0.3
LONGEST = 15.0  # seconds for one sound, and the first one waits until the model is loaded, too


class EarTaken(Exception):
    """Others are being heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The phrase that a sound is most like, and how sure that is, from 0 to 1. Neither is logged or kept."""

    words: str
    confidence: float


def confidence(sounds: float, english: float | None) -> float:
    """From how much better any sounds, and any English, fit than the phrase does; fitted to what `evaluate_voice` says."""
    if english is None:
        return 1.0 if sounds < ear.CLEAR else 0.0
    return 1 / (1 + math.exp(STEEP * (english + OF_SOUNDS * sounds - EVEN)))


def can_hear() -> bool:
    """Whether the recognizer is installed (the extra ``voice``)."""
    return find_spec("pocketsphinx") is not None


class Ear:
    """One process that hears, for one at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def hear(self, samples: bytes) -> Heard:
        """Raises EarTaken where others are heard for too long, VoiceUnavailable where nothing can be."""
        with self._taken():
            try:
                told = json.loads(self._asked(samples))
            except (OSError, ValueError, TimeoutError):
                self.close()
                # Not chained: what broke may hold what was said.
                raise VoiceUnavailable("The process that hears broke.") from None
            return Heard(told["words"], confidence(told["sounds"], told["english"]) if told["words"] else 0.0)

    def close(self) -> None:
        """End the process; the next sound starts another."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.communicate()

    @contextmanager
    def _taken(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=WAITS):
            raise EarTaken
        try:
            yield
        finally:
            self._lock.release()

    def _asked(self, samples: bytes) -> bytes:
        child = self._child
        if child is None or child.poll() is not None:
            self.close()
            child = self._child = _start()
            _send(child, jsgf().encode())
        _send(child, samples)
        return _line(child, time.monotonic() + LONGEST)


def _start() -> subprocess.Popen[bytes]:
    """In a folder that holds nothing, with no word of our environment."""
    if not can_hear():
        raise VoiceUnavailable("The recognizer is not installed (the extra `voice`).")
    return subprocess.Popen(
        [sys.executable, "-I", ear.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )


def _send(child: subprocess.Popen[bytes], message: bytes) -> None:
    assert child.stdin is not None  # noqa: S101  # of mypy's: it is a pipe
    child.stdin.write(ear.LENGTH.pack(len(message)) + message)
    child.stdin.flush()


def _line(child: subprocess.Popen[bytes], until: float) -> bytes:
    assert child.stdout is not None  # noqa: S101
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        if not selector.select(max(0.0, until - time.monotonic())):
            raise TimeoutError
    return child.stdout.readline()  # it writes whole lines


@cache
def the_ear() -> Ear:
    """This web process's."""
    ear_ = Ear()
    atexit.register(ear_.close)
    return ear_
