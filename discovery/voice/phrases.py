"""What can be said, as patterns: ``(a | b)`` one of them, ``[a]`` with or without, ``<slot>`` a word of the slot's list.

One table makes both what the recognizer listens for (a JSGF grammar) and what its words are understood as.
A command is a phrase: a word alone is too short to be told from anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

TAGS = (
    "ambient", "blues", "classical", "country", "dance", "disco", "electronic", "folk", "funk", "hip hop", "house",
    "indie", "jazz", "metal", "pop", "punk", "reggae", "rock", "soul", "techno",
)  # fmt: skip
MOODS = (
    "calm", "dark", "dreamy", "energetic", "gentle", "happy", "peaceful", "quiet", "relaxing", "romantic", "sad", "slow",
)  # fmt: skip
OCCASIONS = (
    "cleaning", "coffee", "cooking", "dancing", "dinner", "driving", "a party", "a rainy day", "reading", "relaxing", "running",
    "sleeping", "studying", "summer", "sunday", "a walk", "winter", "working", "working out", "the beach", "the evening",
    "the morning", "the night", "the gym",
)  # fmt: skip
SONGS = ("this song", "this one", "this track")
LISTS: Mapping[str, Sequence[str]] = {"tag": TAGS, "mood": MOODS, "occasion": OCCASIONS, "song": SONGS}


class Intent(StrEnum):
    """What the page does; the server does nothing."""

    PLAY = "PLAY"
    PAUSE = "PAUSE"
    SKIP = "SKIP"
    LIKE = "LIKE"
    LESS = "LESS"
    WHY = "WHY"
    RADIO = "RADIO"
    PLAYLIST = "PLAYLIST"
    PRIVATE = "PRIVATE"


PHRASES: Mapping[Intent, Sequence[str]] = {
    Intent.PLAY: (
        "(continue | resume) (playing | (the | this | my) (music | song))",
        "(keep | go on | carry on | start) playing [again]",
        "(keep | go on | carry on) playing (the | this | my) (music | song)",
        "(go on | carry on) with (the | this | my) (music | song)",
        "play (the | some | my | more) music",
    ),
    Intent.PAUSE: (
        "(pause | stop) (the | this | my) (music | song) [for a (moment | minute | while)]",
        "stop playing [(the | this) (music | song)]",
    ),
    Intent.SKIP: (
        "skip (this | the) (song | one | track)",
        "skip [to] the next (song | one | track)",
        "(play | go to | move on to | i want | give me) (the next | another) (song | one | track)",
        "next (song | one | track) please",
    ),
    Intent.LIKE: (
        "i [really] (like | love) this (song | one | track | music)",
        "(this song | this track | this music) is (great | good | beautiful | wonderful)",
        "this is a (great | good | beautiful | wonderful) (song | track)",
        "add this (song | one | track) to my likes",
    ),
    Intent.LESS: (
        "[play] less (like this | of this) [song | music]",
        "[play] less music like this",
        "not this kind (of (music | song) | please)",
        "no more of this [kind of] (music | song)",
        "i (don't | do not) (like | want) this (song | one | track | music)",
        "i (don't | do not) (like | want) this kind of (music | song)",
    ),
    Intent.WHY: (
        "[tell me] why this (song | one | track)",
        "why are you playing this [song | one | track]",
        "why (do i hear | did you play) this [song | one | track]",
        "(why | how) did you (choose | pick) this [song | one | track]",
        "why is this [song | one | track] playing",
        "explain this (song | track)",
    ),
    Intent.RADIO: (
        "(start | play | turn on) (a | the | my) radio",
        "(start | play) [a | the] radio (from | with | of) <tag> [music]",
        "(start | play) a <tag> radio",
        "start [a | the] radio (from | with) <song>",
    ),
    Intent.PLAYLIST: (
        "(make | build | create | give) me a playlist for <occasion>",
        "(make | build | create) a playlist for <occasion>",
        "i (want | need) a playlist for <occasion>",
        "(make | build | create | give) me a <mood> playlist",
        "(make | build | create) a <mood> playlist",
        "i (want | need) a <mood> playlist",
    ),
    Intent.PRIVATE: (
        "go private",
        "(start | begin) [a] private (session | listening)",
        "private session please",
        "(switch to | start) private mode",
        "(i want to listen | listen) in private",
    ),
}
BEFORE, AFTER = "[please | can you | could you]", "[please]"
_TOKENS = re.compile(r"[()\[\]|]|<\w+>|[\w']+")


@dataclass(frozen=True, slots=True)
class Command:
    """What words were understood as; a slot is empty where none was said."""

    intent: Intent
    slots: Mapping[str, str] = field(default_factory=dict)


def jsgf() -> str:
    """The grammar that is listened for."""
    lines = ["#JSGF V1.0;", "grammar commands;"]
    for name, words in LISTS.items():
        lines.append(f"<{name}> = {' | '.join(words)};")
    for intent, patterns in PHRASES.items():
        lines.append(f"<{intent}> = {' | '.join(f'({pattern})' for pattern in patterns)};")
    lines.append(f"public <command> = {BEFORE} ({' | '.join(f'<{intent}>' for intent in PHRASES)}) {AFTER};")
    return "\n".join(lines)


def understood(words: str) -> Command | None:
    """The command that the words are; None where they are none."""
    said = "".join(f"{word} " for word in words.split())
    for intent, pattern in _EXPRESSIONS:
        if match := pattern.fullmatch(said):
            return Command(intent, {name: word.strip() for name, word in match.groupdict().items() if word})
    return None


def plain(words: str) -> str:
    """Words as the phrases are written: small letters, without signs."""
    return " ".join(re.findall(r"[\w']+", words.lower().replace("’", "'")))


def _expression(pattern: str) -> str:
    """A pattern as a regular expression over words that each end with a space."""
    parts = []
    for token in _TOKENS.findall(pattern):
        if token.startswith("<"):
            name = token[1:-1]
            parts.append(f"(?P<{name}>{'|'.join(f'{word} ' for word in LISTS[name])})")
        else:
            parts.append({"(": "(?:", "[": "(?:", "]": ")?", ")": ")", "|": "|"}.get(token, f"{token} "))
    return "".join(parts)


_EXPRESSIONS = [
    (intent, re.compile(_expression(f"{BEFORE} ({pattern}) {AFTER}")))
    for intent, patterns in PHRASES.items()
    for pattern in patterns
]
