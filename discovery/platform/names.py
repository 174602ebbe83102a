"""How names from outside are written down: one spelling for what looks the same, and nothing unprintable.

Two forms of a name: `name_clean` is shown, `name_key` is compared. The key forgives what a reader of the script would:
case, Latin accents, look-alike punctuation, what cannot be seen. It keeps what a reader hears: ハ and パ are two.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput

NAME_LENGTH = 1000  # of artists, titles and albums; the longest in MusicBrainz are about 600
TAG_LENGTH = 300
KEY_LENGTH = 200  # what an index holds; of longer ones a digest stands for the end
DIGEST_LENGTH = 24

# Nothing to see, and never meant to be: byte order marks, zero-width spaces, soft hyphens, directions.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# Seen in the shape of what stands beside them alone, or a blank that claims to be a letter.
_SHAPING = re.compile("[\u200c\u200d\ufe00-\ufe0f\u115f\u1160\u2800\u3164\uffa0\U000e0000-\U000e01ef]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u2032\u00b4`\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e\u301f\uff02", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d", "-")
    | {"\u2026": "...", "\u2044": "/", "\u2215": "/", "\u00d7": "x", "\u22c5": "\u00b7", "\u2022": "\u00b7"}
    # Latin letters that Unicode does not take apart.
    | {
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u0127": "h",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00fe": "th",
    }
    | {
        "\u00f0": "d",
        "\u0131": "i",
        "\u0167": "t",
        "\u0180": "b",
        "\u0268": "i",
        "\u0289": "u",
        "\u0247": "e",
    }
    | {"\u0140": "l", "\u017f": "s", "\u014b": "n"}
)


def name_clean(text: str, *, field: str, length: int = NAME_LENGTH, required: bool = True) -> str:
    """The name in Unicode's composed form, its white space collapsed and without what cannot be seen.

    Raises InvalidInput (``INVALID_EMPTY``, ``INVALID_CHARACTERS``, ``INVALID_TOO_LONG``), naming ``field``.
    """
    printable_ensure(text, field)
    name = " ".join(_UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())
    return fit_ensure(name if is_visible(name) else "", field, length, required=required)


def prose_clean(text: str, *, field: str, length: int, required: bool = False) -> str:
    """What somebody wrote, its lines and paragraphs kept. Raises as ``name_clean``."""
    printable_ensure(text, field)
    lines = _UNSEEN.sub("", unicodedata.normalize("NFC", text)).splitlines()
    return fit_ensure("\n".join(line.rstrip() for line in lines).strip(), field, length, required=required)


def is_visible(name: str) -> bool:
    """Whether there is anything to see in it."""
    return bool(_SHAPING.sub("", _UNSEEN.sub("", name)).strip())


def preference(name: str) -> tuple[bool, bool, int, str]:
    """Of spellings that as many people use, the least of these: cases mixed, accents kept, short, by the alphabet."""
    return name.isupper() or name.islower(), name.isascii(), len(name), name


def digest(*parts: str) -> str:
    """What stands for some words where they are too long, or too many, for an index."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def tag_clean(text: str) -> str:
    """A tag's name: compatible forms and cases made one. Raises as ``name_clean``."""
    return name_clean(unicodedata.normalize("NFKC", text).lower(), field="tag", length=TAG_LENGTH)


def printable_ensure(text: str, field: str) -> None:
    """Raises InvalidInput (``INVALID_CHARACTERS``) for what no database stores, or nobody should be shown."""
    if _CONTROL.search(text):
        raise InvalidInput(
            _("%(field)s holds control characters") % {"field": field}, field=field, code="INVALID_CHARACTERS"
        )


def fit_ensure(text: str, field: str, length: int, *, required: bool = True) -> str:
    """The text, measured as it is. Raises InvalidInput (``INVALID_EMPTY``, ``INVALID_TOO_LONG``)."""
    if required and not text:
        raise InvalidInput(_("%(field)s is empty") % {"field": field}, field=field, code="INVALID_EMPTY")
    if len(text) > length:
        raise InvalidInput(
            _("%(field)s is longer than %(length)d characters") % {"field": field, "length": length},
            field=field,
            code="INVALID_TOO_LONG",
        )
    return text


@lru_cache(maxsize=1 << 16)
def name_key(name: str) -> str:
    """What two spellings of a name share. For searching and finding again, not for show; at most KEY_LENGTH long."""
    if name.isascii():  # nothing to fold but case, and a grave accent that stands for an apostrophe
        key = " ".join(name.lower().replace("`", "'").split())
    else:
        key = " ".join(_folded(name).split())
    key = key or name
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.blake2b(key.encode(), digest_size=DIGEST_LENGTH // 2).hexdigest()
    return key[: KEY_LENGTH - DIGEST_LENGTH] + digest


def _folded(name: str) -> str:
    text = _SHAPING.sub("", _UNSEEN.sub("", name)).translate(_ALIKE)
    text = unicodedata.normalize("NFKC", text.casefold()).casefold().translate(_ALIKE)
    return _without_latin_accents(text)


def _without_latin_accents(text: str) -> str:
    bare, latin = [], False
    for character in text:
        if unicodedata.combining(character):
            if not latin:
                bare.append(character)
            continue
        latin = _is_latin(character)
        bare.append(unicodedata.normalize("NFD", character)[0] if latin else character)
    return "".join(bare).translate(_ALIKE)


def _is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character < "\u1f00"
