"""How well spoken commands are understood: written sentences, said by `espeak-ng` in several voices, with noise added.

What is measured is what serves: the process that hears, and the thresholds of the answers.
"""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from discovery.voice.answers import Answer, answer
from discovery.voice.heard import Ear
from discovery.voice.sound import RATE

SENTENCES = Path(__file__).parent / "sentences.tsv"
TUNED, LAST = "tuned", "last"
# Nobody whose sentences were tuned with says those of the last look.
VOICES = {
    TUNED: ("en-us", "en-gb", "en-gb-scotland", "en-us+f3", "en-us+m3", "en-gb+f4"),
    LAST: ("en-gb-x-rp", "en-029", "en-us+f5", "en-gb-x-gbclan"),
}
SPEEDS = (130, 150, 165)  # words a minute
SILENCE = RATE // 4  # samples before and after
LOUD = 12_000  # the largest sample of what is heard

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sentence:
    part: str
    intent: str  # empty: no command
    slot: str
    words: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One sentence as it was said, and what came of it."""

    sentence: Sentence
    decibels: int
    answer: Answer

    @property
    def acted(self) -> bool:
        """Whether something was done without asking."""
        return self.answer.intent is not None and not self.answer.confirm

    @property
    def right(self) -> bool:
        """The intent that was meant, done or asked for."""
        return bool(self.sentence.intent) and self.answer.intent == self.sentence.intent


def sentences_read() -> list[Sentence]:
    lines = SENTENCES.read_text().splitlines()
    return [Sentence(*line.split("\t")) for line in lines if not line.startswith("#")]


def said(words: str, voice: str, speed: int) -> Sound:
    """The sentence as `espeak-ng` says it, at our rate."""
    from scipy.signal import resample_poly

    command = ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", words]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(told)) as sound:
        rate = sound.getframerate()
    samples = np.frombuffer(told[44:], dtype="<i2").astype(float)  # it tells no length that could be read by
    quiet = np.zeros(SILENCE)
    return np.concatenate([quiet, resample_poly(samples, RATE, rate), quiet])


def noisy(sound: Sound, decibels: int, rng: np.random.Generator, *, color: str = "pink") -> bytes:
    """Samples with noise that is so much quieter than the speech; pink as rooms and music are, or white."""
    noise = rng.standard_normal(len(sound))
    if color == "pink":
        spectrum = np.fft.rfft(noise)
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        spectrum[0] = 0
        noise = np.fft.irfft(spectrum, len(sound))
    speech = np.mean(sound[sound != 0] ** 2)
    noise *= np.sqrt(speech / 10 ** (decibels / 10) / np.mean(noise**2))
    mixed = sound + noise
    return bytes((mixed * LOUD / np.abs(mixed).max()).astype("<i2").tobytes())


def trials(
    sentences: Sequence[Sentence], decibels: Iterable[int], *, color: str, seed: int = 7,
    progress: Callable[[], None] = lambda: None,
) -> Iterator[Trial]:  # fmt: skip
    """Each sentence in one voice, at each loudness of the noise."""
    ear = Ear()
    try:
        for number, sentence in enumerate(sentences):
            voices = VOICES[sentence.part]
            sound = said(sentence.words, voices[number % len(voices)], SPEEDS[number % len(SPEEDS)])
            for level in decibels:
                rng = np.random.default_rng([seed, number, level])
                heard = ear.hear(noisy(sound, level, rng, color=color))
                progress()
                yield Trial(sentence, level, answer(heard))
    finally:
        ear.close()


def report(done: Sequence[Trial]) -> str:
    """A table: how many intents were right, and of other sentences how many something was done or asked for."""
    lines = [
        "| part | noise | commands | right at once | right, or asked | slots right | wrong thing done | others | acted on | asked |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for part in sorted({trial.sentence.part for trial in done}, reverse=True):
        for level in sorted({trial.decibels for trial in done}, reverse=True):
            some = [one for one in done if (one.sentence.part, one.decibels) == (part, level)]
            commands = [one for one in some if one.sentence.intent]
            others = [one for one in some if not one.sentence.intent]
            slots = [one for one in commands if one.sentence.slot and one.right]
            cells = [
                part, f"{level} dB", str(len(commands)),
                _share(one.right and one.acted for one in commands),
                _share(one.right for one in commands),
                _share(one.sentence.slot in " ".join(one.answer.slots.values()) for one in slots),
                _share(one.acted and not one.right for one in commands),
                str(len(others)), _share(one.acted for one in others),
                _share(one.answer.confirm for one in others),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(held: Iterable[bool]) -> str:
    marks = list(held)
    return f"{100 * sum(marks) / len(marks):.1f} %" if marks else "–"
