"""What stands in the address of a picture that is drawn here: letters and a few numbers that draw it, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from discovery.platform.secrets import sealed, unsealed

_PURPOSE = "cover"
_STEPS = 10  # in which a feeling is told, up and down


class Told(NamedTuple):
    """What draws a picture. ``feeling``: valence and energy, each from -1 to 1; None where nothing is known of it."""

    colors: int
    shapes: int
    letters: str
    feeling: tuple[float, float] | None


def cover_address(
    title: str, by: str = "", *, words: Sequence[str] = (), feeling: tuple[float, float] | None = None
) -> str:
    """The address of the picture for what is called so: the same one each time, and for nobody in particular.

    Its shapes follow from what it is called, its colors from the first of its ``words``, where it has any. With a
    ``feeling`` the color follows from how happy it is, and the number and size of the shapes from how lively.
    """
    shapes = _number(f"{title}\x1f{by}")
    seed = f"{_number(words[0]) if words else shapes:08x}{shapes:08x}"
    felt = [round(_STEPS * max(-1.0, min(1.0, one))) for one in feeling or ()]
    return reverse(
        "cover",
        args=[sealed([seed, _letters(by or title), *felt], purpose=_PURPOSE, key=settings.SIGNING_KEY)],
    )


def cover_told(word: str) -> Told:
    """What an address says. Raises ValueError for a word that was not sealed here."""
    seed, letters, *felt = unsealed(word, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    feeling = (felt[0] / _STEPS, felt[1] / _STEPS) if felt else None
    return Told(int(seed[:-8] or "0", 16), int(seed[-8:], 16), letters, feeling)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def _letters(name: str) -> str:
    """The first letters of the first two words that begin with one."""
    firsts = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join(firsts[:2]).upper()[:2] or "♪"
