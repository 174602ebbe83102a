"""What stands in the address of a picture that is drawn here: two letters and a number that colors it, and nothing else."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.urls import reverse

from discovery.platform.secrets import sealed, unsealed

_PURPOSE = "cover"


def cover_address(title: str, by: str = "") -> str:
    """The address of the picture for what is called so: the same one each time, and for nobody in particular."""
    seed = hashlib.blake2b(f"{title}\x1f{by}".encode(), digest_size=4).hexdigest()
    return reverse(
        "cover", args=[sealed([seed, _letters(by or title)], purpose=_PURPOSE, key=settings.SIGNING_KEY)]
    )


def cover_told(word: str) -> tuple[int, str]:
    """The number and the letters. Raises ValueError for a word that was not sealed here."""
    seed, letters = unsealed(word, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    return int(seed, 16), letters


def _letters(name: str) -> str:
    """The first letters of the first two words that begin with one."""
    firsts = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join(firsts[:2]).upper()[:2] or "♪"
