"""What a playlist lacks of its plan, by name: nothing is left out without a word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _


class ShortfallCode(StrEnum):
    """Why a playlist is less than was asked for."""

    LEVEL_OFF = "LEVEL_OFF"
    NO_MODEL = "NO_MODEL"
    TOO_FEW = "TOO_FEW"
    LENGTH_NOT_REACHED = "LENGTH_NOT_REACHED"
    LENGTH_ESTIMATED = "LENGTH_ESTIMATED"
    ARTISTS_CLOSE = "ARTISTS_CLOSE"
    YEARS_UNKNOWN = "YEARS_UNKNOWN"
    HEARD_NOT_KNOWN = "HEARD_NOT_KNOWN"
    FRIEND_NOT_HEARD = "FRIEND_NOT_HEARD"
    ENERGY_UNKNOWN = "ENERGY_UNKNOWN"
    WORD_SILENT = "WORD_SILENT"


@dataclass(frozen=True)
class Shortfall:
    """One of these; ``asked`` and ``reached`` where it is a figure, ``part`` where it is about one word or friend."""

    code: ShortfallCode
    asked: float | None = None
    reached: float | None = None
    part: str = ""


def shortfall_words(shortfall: Shortfall) -> str:
    """In the viewer's language."""
    return str(_words()[shortfall.code]) % {
        "asked": f"{shortfall.asked or 0:g}",
        "reached": f"{shortfall.reached or 0:g}",
        "part": shortfall.part,
    }


def _words() -> dict[ShortfallCode, str]:
    return {
        ShortfallCode.LEVEL_OFF: _("At your level no word counts, so that nothing can be made of them."),
        ShortfallCode.NO_MODEL: _("There is no recommender yet that could choose."),
        ShortfallCode.TOO_FEW: _("Only %(reached)s of %(asked)s tracks fit all that was asked for."),
        ShortfallCode.LENGTH_NOT_REACHED: _("It lasts %(reached)s of %(asked)s seconds."),
        ShortfallCode.LENGTH_ESTIMATED: _(
            "Of %(reached)s tracks nobody knows how long they are; each counts as 3:30."
        ),
        ShortfallCode.ARTISTS_CLOSE: _("There are too few artists to keep all their tracks five apart."),
        ShortfallCode.YEARS_UNKNOWN: _("%(reached)s tracks were left out because nobody knows their year."),
        ShortfallCode.HEARD_NOT_KNOWN: _("What you heard does not count at your level, so that some of it may be in it."),
        ShortfallCode.FRIEND_NOT_HEARD: _("%(part)s does not share plays with you, or not by name."),
        ShortfallCode.ENERGY_UNKNOWN: _("Of too few tracks anybody knows how lively they are, to order them by that."),
        ShortfallCode.WORD_SILENT: _("Nothing here is known by the word %(part)s, so that it moves nothing."),
    }  # fmt: skip
