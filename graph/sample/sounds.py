"""Short tunes for the sample community's tracks, so that the demo can be heard: made of sines when they are asked for.

A tune follows from its number alone, its tempo and key from its mood, and how it sounds from its genre. Nobody wrote them and
nobody recorded them: no rights of anybody are touched.
"""

from __future__ import annotations

import io
import wave
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.urls import reverse

from discovery.platform.secrets import sealed, unsealed
from graph.arrays import Doubles
from graph.models import Track
from graph.sample.vocabulary import SCENES

PREFIX = "sample-track-"  # of the ids that the sample's tracks bear
RATE = 16_000  # samples a second
LONGEST_MS = 90_000
LOUDEST = 0.5
_PURPOSE = "sample tune"
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_WAYS = ((0, 5, 3, 4), (0, 3, 4, 3), (0, 4, 5, 3), (0, 2, 3, 4))  # degrees on which the four chords stand
_BEATS = 4  # in a bar


class Mood(NamedTuple):
    """How a mood sounds: beats a minute, the scale, and how much goes on (0 to 1)."""

    tempo: int
    scale: tuple[int, ...]
    drive: float


# Three moods a scene, in the order of the vocabulary.
_OF_SCENES = (
    (Mood(78, _MAJOR, 0.3), Mood(72, _MAJOR, 0.2), Mood(66, _MINOR, 0.2)),
    (Mood(128, _MINOR, 1.0), Mood(122, _MINOR, 0.8), Mood(134, _MINOR, 0.9)),
    (Mood(92, _MAJOR, 0.4), Mood(84, _MINOR, 0.3), Mood(96, _MAJOR, 0.4)),
    (Mood(70, _MINOR, 0.9), Mood(62, _MINOR, 0.6), Mood(58, _MINOR, 0.5)),
    (Mood(104, _MINOR, 0.5), Mood(140, _MINOR, 0.8), Mood(76, _MINOR, 0.3)),
    (Mood(94, _MINOR, 0.8), Mood(84, _MAJOR, 0.6), Mood(98, _MAJOR, 0.8)),
    (Mood(126, _MAJOR, 0.8), Mood(146, _MINOR, 1.0), Mood(118, _MAJOR, 0.7)),
    (Mood(54, _MAJOR, 0.1), Mood(60, _MAJOR, 0.1), Mood(50, _MINOR, 0.0)),
)
MOODS = {
    mood: how
    for scene, hows in zip(SCENES, _OF_SCENES, strict=True)
    for mood, how in zip(scene["moods"], hows, strict=True)
}
_PLAIN = Mood(90, _MAJOR, 0.4)
_SCENE_OF = {genre: number for number, scene in enumerate(SCENES) for genre in scene["genres"]}
# Strength of each overtone, by scene.
_OVERTONES = (
    (1, 0.3, 0.1), (1, 0.6, 0.5, 0.3, 0.2), (1, 0.5, 0.25, 0.12), (1, 0.9, 0.8, 0.6, 0.5, 0.4),
    (1, 0.2, 0.4, 0.1), (1, 0.4, 0.1), (1, 0.7, 0.3, 0.3), (1, 0.1),
)  # fmt: skip


def tune_address(track: Track) -> str | None:
    """Where the tune of one of the sample's tracks is heard; None for every other track."""
    if not (track.external_id or "").startswith(PREFIX):
        return None
    number = int(str(track.external_id).removeprefix(PREFIX))
    mood = next((word for word in track.tags if word in MOODS), "")
    genre = next((word for word in track.tags if word in _SCENE_OF), "")
    length = min(track.duration_ms or LONGEST_MS, LONGEST_MS)
    word = sealed([number, mood, genre, length], purpose=_PURPOSE, key=settings.SIGNING_KEY)
    return reverse("sample-tune", args=[word])


def tune_wav(word: str) -> bytes:
    """The tune behind an address. Raises ValueError for a word that was not sealed here."""
    number, mood, genre, length = unsealed(word, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    sound = tune(number, mood=MOODS.get(mood, _PLAIN), scene=_SCENE_OF.get(genre, 2), seconds=length / 1000)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sound * 32_767).astype("<i2").tobytes())
    return file.getvalue()


def tune(number: int, *, mood: Mood, scene: int, seconds: float) -> Doubles:
    """Samples in -1 to 1 [seconds * RATE]: four chords that come again, a bass, a melody, and a beat where there is drive."""
    rng = np.random.default_rng(number)
    root = 45 + int(rng.integers(12))  # a note of MIDI: from A2 on
    chords = _WAYS[int(rng.integers(len(_WAYS)))]
    beat = 60 / mood.tempo
    bars = int(np.ceil(seconds / (beat * _BEATS)))
    sound = np.zeros(int((bars * _BEATS + _BEATS) * beat * RATE) + 1)
    motif = rng.integers(-1, 5, size=(2, 2 * _BEATS))  # two bars of half beats, as steps above the chord
    silent = rng.random(motif.shape) < 0.5 - 0.3 * mood.drive
    for bar in range(bars):
        begin, chord = bar * _BEATS * beat, chords[bar % len(chords)]
        for step in (0, 2, 4):
            _add(sound, begin, _pitch(root, mood, chord + step), _BEATS * beat, 0.10, scene)
        for at in range(0, _BEATS, 1 if mood.drive > 0.5 else 2):
            _add(sound, begin + at * beat, _pitch(root - 12, mood, chord), beat, 0.22, scene)
        for half, (step, rests) in enumerate(zip(motif[bar % 2], silent[bar % 2], strict=True)):
            if not rests:
                pitch = _pitch(root + 12, mood, chord + int(step))
                _add(sound, begin + half * beat / 2, pitch, beat * 0.9, 0.18, scene)
        if mood.drive >= 0.4:
            _drum(sound, begin, beat, mood.drive, rng)
    sound = sound[: int(seconds * RATE)]
    fade = min(RATE, len(sound) // 2)  # in and out over a second, so that nothing clicks
    ramp = np.linspace(0, 1, fade)
    sound[:fade] *= ramp
    sound[len(sound) - fade :] *= ramp[::-1]
    peak = float(np.abs(sound).max(initial=0))
    return sound * (LOUDEST / peak) if peak else sound


def _pitch(root: int, mood: Mood, degree: int) -> float:
    """Hertz of a degree of the mood's scale over a note of MIDI."""
    octave, step = divmod(degree, len(mood.scale))
    return float(440 * 2 ** ((root + 12 * octave + mood.scale[step] - 69) / 12))


def _add(sound: Doubles, begin: float, hertz: float, seconds: float, loud: float, scene: int) -> None:
    """A note that is struck and dies away."""
    start = int(begin * RATE)
    time = np.arange(min(int(seconds * RATE), len(sound) - start)) / RATE
    envelope = np.minimum(time / 0.02, 1) * np.exp(-2.5 * time / seconds)
    for overtone, strength in enumerate(_OVERTONES[scene], start=1):
        if overtone * hertz < RATE / 2:
            sound[start : start + len(time)] += (
                loud * strength * envelope * np.sin(2 * np.pi * overtone * hertz * time)
            )


def _drum(sound: Doubles, begin: float, beat: float, drive: float, rng: np.random.Generator) -> None:
    time = np.arange(int(0.12 * RATE)) / RATE
    kick = 0.5 * np.sin(2 * np.pi * 60 * time * np.exp(-8 * time)) * np.exp(-25 * time)
    hat = 0.12 * rng.standard_normal(len(time)) * np.exp(-70 * time)
    for half in range(2 * _BEATS):
        start = int((begin + half * beat / 2) * RATE)
        if half % 2 == 0:
            sound[start : start + len(kick)] += drive * kick
        if half % 2 == 1 or drive > 0.8:
            sound[start : start + len(hat)] += drive * hat
