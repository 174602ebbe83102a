"""How names from outside are written down: one spelling for what looks the same, and nothing unprintable."""

import unicodedata

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput

NAME_LENGTH = 300  # of artists, titles, albums and tags


def name_clean(text: str, *, field: str, length: int = NAME_LENGTH, required: bool = True) -> str:
    """The name in Unicode's composed form, its white space collapsed.

    Raises InvalidInput (``INVALID_EMPTY``, ``INVALID_CHARACTERS``, ``INVALID_TOO_LONG``), naming ``field``.
    """
    if any(unicodedata.category(character) in {"Cc", "Cs"} and not character.isspace() for character in text):
        raise InvalidInput(
            _("%(field)s holds control characters") % {"field": field}, field=field, code="INVALID_CHARACTERS"
        )
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if required and not name:
        raise InvalidInput(_("%(field)s is empty") % {"field": field}, field=field, code="INVALID_EMPTY")
    if len(name) > length:
        raise InvalidInput(
            _("%(field)s is longer than %(length)d characters") % {"field": field, "length": length},
            field=field,
            code="INVALID_TOO_LONG",
        )
    return name


def tag_clean(text: str) -> str:
    """A tag's name: compatible forms and cases made one. Raises as ``name_clean``."""
    return name_clean(unicodedata.normalize("NFKC", text).lower(), field="tag")


def name_key(name: str) -> str:
    """What two spellings of a name share: no case, no accents. For searching and finding again, not for show."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return (" ".join(bare.casefold().split()) or name)[:NAME_LENGTH]
