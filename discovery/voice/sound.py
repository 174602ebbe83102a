"""What a request's body brings: a WAV or plain samples, 16-bit mono at 16 kHz; out go the samples. All of it in memory."""

from __future__ import annotations

import io
import wave

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput

RATE = 16_000  # samples a second
SECONDS = 10
LARGEST = 400_000  # bytes of a body
SHORTEST = RATE // 5  # samples; nothing that is shorter is a phrase


def sound_samples(body: bytes) -> bytes:
    """Samples of two bytes each, the lower one first. Raises InvalidInput for anything else, or more than is listened to."""
    samples = _of_wav(body) if body.startswith(b"RIFF") else body
    if len(samples) % 2 or not SHORTEST <= len(samples) // 2 <= SECONDS * RATE:
        raise _invalid()
    return samples


def _of_wav(body: bytes) -> bytes:
    try:
        with wave.open(io.BytesIO(body)) as sound:
            if (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) != (1, 2, RATE):
                raise _invalid()
            return bytes(sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError, ValueError) as error:
        raise _invalid() from error


def _invalid() -> InvalidInput:
    return InvalidInput(
        _("Send up to %(seconds)d seconds as 16-bit mono at 16 kHz, as WAV or as plain samples.")
        % {"seconds": SECONDS},
        code="INVALID_SOUND",
    )
