"""What a playlist is to be, once words are understood: one frozen value, checked and in the one form in which it is compared.

Enters: what was read from words or told field by field. Leaves: a `PlaylistPlan` whose numbers can be reached. It names
artists, tags and friends as they were typed; who that is for a viewer is asked anew each time (`discovery.plans.names`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput, LimitExceeded
from discovery.platform.names import name_clean, name_key

LONGEST_TEXT = 500  # characters of what is asked for
LONGEST_NAME = 200
MOST_NAMED = 20  # artists, tags or words of one plan, and what it is to be without
MOST_FRIENDS = 9  # as a blend has it
SHORTEST, LONGEST = 60, 12 * 60 * 60  # seconds
MOST_TRACKS = 400
FIRST_YEAR, LAST_YEAR = 1600, 2100
LOUDEST = 4.0  # as an entry of evidence
QUIETEST = 0.05


class Refresh(StrEnum):
    """How often a kept plan is carried out again."""

    NEVER = "NEVER"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"


class Language(StrEnum):
    """In which language it was said."""

    EN = "EN"
    DE = "DE"


class Why(StrEnum):
    """Why a part of what was said is in no field."""

    UNKNOWN = "UNKNOWN"  # nothing that the viewer may see is called so, and it stands in no list
    AMBIGUOUS = "AMBIGUOUS"  # several are called so, or it may mean several things
    NOT_POSSIBLE = "NOT_POSSIBLE"  # it is clear what is meant, and no playlist can be made by it


class Named(NamedTuple):
    """A word, artist or tag as it was typed, how much it counts, and in English where that is another word."""

    text: str
    amount: float = 1.0
    means: str = ""


class Mood(NamedTuple):
    """How pleasant and how lively, each from -1 to 1."""

    valence: float
    energy: float


class Era(NamedTuple):
    """Years, both included; None where it is open."""

    first: int | None
    last: int | None


class Arc(NamedTuple):
    """How lively it begins and ends, each from 0 to 1."""

    start: float
    end: float


class Unclear(NamedTuple):
    """A part of what was said that is in no field."""

    text: str
    why: Why = Why.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class PlaylistPlan:
    """What is asked for. Without length and count, `DEFAULT_TRACKS` of `discovery.plans.choose` are chosen."""

    words: tuple[Named, ...] = ()
    artists: tuple[Named, ...] = ()
    tags: tuple[Named, ...] = ()
    friends: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    mood: Mood | None = None
    era: Era | None = None
    length: int | None = None  # seconds
    count: int | None = None
    unheard: bool = False
    energy: Arc | None = None
    variety: float | None = None
    refresh: Refresh = Refresh.NEVER
    title: str = ""
    language: Language = Language.EN
    unclear: tuple[Unclear, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether anything at all is asked for, beside a title."""
        nothing = PlaylistPlan()
        aside = {"title", "language", "unclear"}
        return any(
            getattr(self, part.name) != getattr(nothing, part.name)
            for part in fields(self)
            if part.name not in aside
        )


def plan_checked(plan: PlaylistPlan) -> PlaylistPlan:
    """The same with clean names, each once, and figures to two places.

    Raises InvalidInput (``PLAN_UNREACHABLE`` and what `name_clean` raises) and LimitExceeded.
    """
    return PlaylistPlan(
        words=_named(plan.words, "words"),
        artists=_named(plan.artists, "artists"),
        tags=_named(plan.tags, "tags"),
        friends=_texts(plan.friends, "friends", most=MOST_FRIENDS),
        without=_texts(plan.without, "without"),
        mood=None if plan.mood is None else Mood(*(_figure(part, -1, 1, "mood") for part in plan.mood)),
        era=_era(plan.era),
        length=None if plan.length is None else int(_figure(plan.length, SHORTEST, LONGEST, "length")),
        count=None if plan.count is None else int(_figure(plan.count, 1, MOST_TRACKS, "count")),
        unheard=bool(plan.unheard),
        energy=None if plan.energy is None else Arc(*(_figure(part, 0, 1, "energy") for part in plan.energy)),
        variety=None if plan.variety is None else _figure(plan.variety, 0, 1, "variety"),
        refresh=plan.refresh,
        title=name_clean(plan.title, field="title", length=LONGEST_NAME, required=False),
        language=plan.language,
        unclear=tuple(
            dict.fromkeys(
                Unclear(name_clean(part.text, field="unclear", length=LONGEST_TEXT), part.why)
                for part in plan.unclear[: 2 * MOST_NAMED]
            )
        ),
    )


def _named(parts: tuple[Named, ...], field: str) -> tuple[Named, ...]:
    once: dict[str, Named] = {}
    for part in parts:
        text = name_clean(part.text, field=field, length=LONGEST_NAME)
        means = name_clean(part.means, field=field, length=LONGEST_NAME, required=False)
        once.setdefault(name_key(text), Named(text, _figure(part.amount, QUIETEST, LOUDEST, field), means))
    _few(len(once), MOST_NAMED, field)
    return tuple(once.values())


def _texts(parts: tuple[str, ...], field: str, *, most: int = MOST_NAMED) -> tuple[str, ...]:
    _few(len(parts), most, field)
    clean = [name_clean(part, field=field, length=LONGEST_NAME) for part in parts]
    return tuple({name_key(text): text for text in reversed(clean)}.values())[::-1]


def _few(number: int, most: int, field: str) -> None:
    if number > most:
        raise LimitExceeded(
            _("A plan names at most %(most)d of %(field)s.") % {"most": most, "field": field}, field=field
        )


def _era(era: Era | None) -> Era | None:
    if era is None or era == (None, None):
        return None
    first, last = (None if year is None else int(_figure(year, FIRST_YEAR, LAST_YEAR, "era")) for year in era)
    if first is not None and last is not None and first > last:
        raise _unreachable("era", str(FIRST_YEAR), str(last))
    return Era(first, last)


def _figure(value: float, least: float, most: float, field: str) -> float:
    if not least <= value <= most:
        raise _unreachable(field, f"{least:g}", f"{most:g}")
    return round(float(value), 2) + 0.0  # no minus before a zero


def _unreachable(field: str, least: str, most: str) -> InvalidInput:
    return InvalidInput(
        _("%(field)s lies between %(least)s and %(most)s.") % {"field": field, "least": least, "most": most},
        field=field,
        code="PLAN_UNREACHABLE",
    )
