"""The process that hears: samples in, the phrase that they are most like out; started with the grammar as its first message.

Its own process, because recognition holds Python's lock for a second, and because what strangers send is read by a library
written in C: it knows no secret, and the system lets it write no file. Imports nothing of ours.

    in     a length of four bytes, and so many bytes: the first message is a grammar, each further one is samples
    out    a line of JSON: {"words", "sounds", "english"}: how much better any sounds fit than the phrase does, and any
           English words; null where that was not asked
"""

from __future__ import annotations

import json
import math
import os
import resource
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float64]

COMMANDS, SOUNDS, ENGLISH = "commands", "sounds", "english"
FRAME = 160  # samples of one score
LOUD = 12_000  # the largest sample of what is recognized
WINDOW, HOP = 512, 128  # samples of one look at the spectrum, and from one to the next
KEPT = 0.95  # how much of what was speech a moment ago is taken to be so still
BREATH = 150  # how much quieter than the loudest sample the noise is that is always there
SOFTEST = 4e-3  # of the loudest moment's energy; below, nobody speaks
BESIDE = 4_000  # samples before and after it, for what begins and ends softly
LEAST = 0.2  # of each part stays: what is cut to nothing is like no sound that the model knows
CLEAR, UNLIKE = -0.7, 0.7  # how much better any sounds fit: below it is the phrase, above it is none
WORST = -60.0
NOTHING = {"words": "", "sounds": None, "english": None}
LENGTH = struct.Struct("<I")


def main() -> None:
    confine()
    grammar = message(sys.stdin.buffer)
    if grammar is None:
        return
    decoder = decoder_for(grammar.decode())
    while (samples := message(sys.stdin.buffer)) is not None:
        sys.stdout.write(json.dumps(hear(decoder, samples)) + "\n")
        sys.stdout.flush()


def confine() -> None:
    """From here on the system refuses every write into a file, and keeps no memory of a crash; whoever waits for a page goes first."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def message(stream: BinaryIO) -> bytes | None:
    """The next message; None where no other follows."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def decoder_for(grammar: str) -> Any:
    """With the grammar, and with what its phrase is held against: any sounds, and English at large."""
    import pocketsphinx

    model = pocketsphinx.get_model_path("en-us")
    decoder = pocketsphinx.Decoder(
        hmm=f"{model}/en-us",
        dict=f"{model}/cmudict-en-us.dict",
        lm=None,
        loglevel="FATAL",
        cmn="batch",  # of the whole sound: it is there before anything is recognized
        compallsen=True,  # so that both searches tell of the same scale
        remove_noise=False,  # that is done here
        fwdflat=False,  # of English words only the score is wanted
        bestpath=False,
    )
    decoder.add_jsgf_string(COMMANDS, grammar)
    decoder.add_allphone_file(SOUNDS, f"{model}/en-us-phone.lm.bin")
    decoder.add_lm_file(ENGLISH, f"{model}/en-us.lm.bin")
    return decoder


def hear(decoder: Any, samples: bytes) -> dict[str, Any]:
    """The phrase that fits best, and how it fits beside what is no phrase."""
    heard = np.frombuffer(samples, dtype="<i2").astype(float)
    # Of a browser that takes out all noise nothing is left between words, which is like no sound that the model knows.
    breath = np.random.default_rng(0).normal(0, np.abs(heard).max(initial=0.0) / BREATH, len(heard))
    sound = spoken(quietened(heard + breath))
    loudest = float(np.abs(sound).max(initial=0.0))
    if not loudest:
        return NOTHING
    clear = (sound * LOUD / loudest).astype("<i2").tobytes()
    words, fit = searched(decoder, COMMANDS, clear)
    if not words:
        return NOTHING
    frames = len(sound) / FRAME / 1_000
    sounds = (searched(decoder, SOUNDS, clear)[1] - fit) / frames
    # English takes longest, and is asked where sounds leave a doubt.
    asked = CLEAR <= sounds <= UNLIKE
    english = (searched(decoder, ENGLISH, clear)[1] - fit) / frames if asked else None
    return {"words": words, "sounds": sounds, "english": english}


def searched(decoder: Any, name: str, samples: bytes) -> tuple[str, float]:
    """What one of the searches finds, and the logarithm of its score."""
    decoder.activate_search(name)
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return (
        ("", WORST)
        if found is None
        else (found.hypstr, math.log(found.best_score) if found.best_score > 0 else WORST)
    )


def spoken(sound: Sound) -> Sound:
    """From a little before it is loud to a little after: silence fits everything, and so would tell for any phrase."""
    count = len(sound) // HOP
    energy = np.convolve(
        (sound[: count * HOP].reshape(count, HOP) ** 2).mean(axis=1), np.ones(5) / 5, mode="same"
    )
    loud = np.flatnonzero(energy > SOFTEST * energy.max(initial=0.0))
    if not len(loud):
        return sound
    return sound[max(0, loud[0] * HOP - BESIDE) : loud[-1] * HOP + BESIDE]


def quietened(sound: Sound) -> Sound:
    """With less of the noise that is in its quietest tenth: each part of the spectrum by how much of it is no noise (Wiener)."""
    window = np.hanning(WINDOW + 1)[:WINDOW]
    padded = np.concatenate([np.zeros(WINDOW), sound, np.zeros(2 * WINDOW)])
    count = (len(padded) - WINDOW) // HOP
    places = HOP * np.arange(count)[:, None] + np.arange(WINDOW)
    spectra = np.fft.rfft(padded[places] * window, axis=1)
    power = np.abs(spectra) ** 2
    energy = power.sum(axis=1)
    speaks = np.flatnonzero(energy > 1e-6 * energy.max(initial=0.0))
    if not len(speaks):
        return sound
    quiet = speaks[np.argsort(energy[speaks])[: max(5, len(speaks) // 10)]]
    noise = np.convolve(1.1 * power[quiet].mean(axis=0), np.ones(5) / 5, mode="same") + 1e-9
    gain, before = np.ones_like(power), np.zeros_like(noise)
    for frame, ratio in enumerate(power / noise):
        likely = KEPT * before + (1 - KEPT) * np.maximum(ratio - 1, 0)
        gain[frame] = np.maximum(likely / (1 + likely), LEAST)
        before = gain[frame] ** 2 * ratio
    parts = np.fft.irfft(spectra * gain, axis=1) * window
    out, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for frame, place in enumerate(places):
        out[place] += parts[frame]
        weight[place] += window**2
    clear: Sound = (out / np.maximum(weight, 1e-3))[WINDOW : WINDOW + len(sound)]
    return clear


if __name__ == "__main__":
    main()
