r"""The grammar of plans: ``artist:(…) tag:(…) length:40m …`` to fields and back, word for word the same.

    text   = (field | prose)*            field = name ":" value
    value  = word | "(" item ("," item)* ")"
    item   = (bare | quoted) ["^" amount] ["=" meaning]     quoted = '"' … '"', with \\" and \\\\ inside

Enters: text. Leaves: the fields of a `PlaylistPlan`, and what stands between them, which is prose. ``plan_written`` is the
one form: ``fields_read(plan_written(plan))`` has the plan's fields. `docs/playlists.md` tells the fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from django.utils.translation import gettext as _

from discovery.plans import lists
from discovery.plans.plan import (
    Arc,
    Era,
    Language,
    Mood,
    Named,
    PlaylistPlan,
    Refresh,
    Unclear,
    Why,
    plan_checked,
)
from discovery.platform.errors import InvalidInput

_FIELD = re.compile(r"(?<![^\s,;(])([A-Za-z]+):(?=[^\s/])")
_WORD = re.compile(r"[^\s()\",]+")
_LENGTH = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?", re.IGNORECASE)
_ERA = re.compile(r"\s*(\d{1,5})?\s*(-)?\s*(\d{1,5})?\s*")
_TROUBLE = re.compile(r'[\s,():"^=\\]')  # what cannot stand in a word that is not quoted


class Item(NamedTuple):
    """One item between parentheses; ``quoted`` ones are taken as they are."""

    text: str
    amount: str = ""
    means: str = ""


def fields_read(text: str) -> tuple[PlaylistPlan, str]:
    """The fields that ``text`` tells, checked, and the prose around them, with a comma where a field stood.

    Raises InvalidInput: PLAN_UNBALANCED, PLAN_UNKNOWN_FIELD, PLAN_VALUE, PLAN_UNREACHABLE.
    """
    plan, prose, place = PlaylistPlan(), "", 0
    while (found := _FIELD.search(text, place)) is not None:
        prose += text[place : found.start()] + " , "
        name = found[1].lower()
        read = _READERS.get(name)
        if read is None:
            raise InvalidInput(
                _("There is no field %(field)s: in a plan.") % {"field": name}, field="text", code="PLAN_UNKNOWN_FIELD"
            )  # fmt: skip
        items, place = _value(text, found.end())
        try:
            plan = read(plan, items)
        except (ValueError, KeyError):
            raise InvalidInput(
                _("This says nothing that %(field)s: could be.") % {"field": name}, field=name, code="PLAN_VALUE"
            ) from None  # fmt: skip
    return plan_checked(plan), prose + text[place:]


def plan_written(plan: PlaylistPlan) -> str:
    """``plan`` as grammar text, its fields always in the same order."""
    written = [f"{name}:{value}" for name, write in _WRITERS.items() if (value := write(plan))]
    return " ".join(written)


# --- reading --------------------------------------------------------------------------------


def _value(text: str, place: int) -> tuple[list[Item], int]:
    """The items that begin at ``place``, and where they end."""
    if text[place] != "(":
        item, place = _item(text, place)
        return [item], place
    items: list[Item] = []
    place = _blank(text, place + 1)
    while place < len(text) and text[place] != ")":
        item, place = _item(text, place, inside=True)
        items.append(item)
        place = _blank(text, place)
        if place < len(text) and text[place] == ",":
            place = _blank(text, place + 1)
    if place >= len(text):
        raise _unbalanced()
    return items, place + 1


def _item(text: str, place: int, *, inside: bool = False) -> tuple[Item, int]:
    if text[place] == '"':
        said, place = _quoted(text, place + 1)
        amount = means = ""
        if place < len(text) and text[place] == "^":
            amount, place = _bare(text, place + 1)
        if place < len(text) and text[place] == "=":
            if place + 1 < len(text) and text[place + 1] == '"':
                means, place = _quoted(text, place + 2)
            else:
                means, place = _bare(text, place + 1)
        return Item(said, amount, means), place
    if not inside:
        said, place = _bare(text, place)
        return _parted(said), place
    end = place
    while end < len(text) and text[end] not in ",)":
        if text[end] in '("':
            raise _unbalanced()
        end += 1
    return _parted(text[place:end].strip()), end


def _bare(text: str, place: int) -> tuple[str, int]:
    found = _WORD.match(text, place)
    if found is None:
        raise _unbalanced()
    said = found[0].split("=")[0] if "=" in found[0] and text[place - 1] == "^" else found[0]
    return said, place + len(said)


def _parted(said: str) -> Item:
    said, _equals, means = said.partition("=")
    said, _hat, amount = said.partition("^")
    return Item(said.strip(), amount.strip(), means.strip())


def _quoted(text: str, place: int) -> tuple[str, int]:
    said = ""
    while place < len(text) and text[place] != '"':
        if text[place] == "\\" and place + 1 < len(text):
            place += 1
        said += text[place]
        place += 1
    if place >= len(text):
        raise _unbalanced()
    return said, place + 1


def _blank(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _unbalanced() -> InvalidInput:
    return InvalidInput(
        _("A parenthesis or a quotation mark has no other half."), field="text", code="PLAN_UNBALANCED"
    )


_Reader = Callable[[PlaylistPlan, Sequence[Item]], PlaylistPlan]


def _named(items: Sequence[Item]) -> tuple[Named, ...]:
    return tuple(Named(item.text, float(item.amount) if item.amount else 1.0, item.means) for item in items)


def _texts(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.text for item in items)


def _one(items: Sequence[Item]) -> str:
    (item,) = items
    return item.text


def _mood(plan: PlaylistPlan, items: Sequence[Item]) -> PlaylistPlan:
    """Two figures, or words of the list."""
    try:
        valence, energy = (float(item.text) for item in items)
    except ValueError:
        moods = [lists.mood_of(item.text) for item in items]
        told = [mood for mood in moods if mood is not None]
        if len(told) != len(moods) or not told:
            raise
        mood = Mood(*(sum(values) / len(told) for values in zip(*(m.mood for m in told), strict=True)))
        said = tuple(Named(item.text, 1.0, m.means) for item, m in zip(items, told, strict=True))
        return replace(plan, mood=mood, words=(*plan.words, *said))
    return replace(plan, mood=Mood(valence, energy))


def _era(plan: PlaylistPlan, items: Sequence[Item]) -> PlaylistPlan:
    found = _ERA.fullmatch(_one(items))
    if found is None or not (found[1] or found[3]) or (found[3] and not found[2]):
        raise ValueError
    first, last = (int(year) if year else None for year in (found[1], found[3]))
    return replace(plan, era=Era(first, last if found[2] else first))


def _length(plan: PlaylistPlan, items: Sequence[Item]) -> PlaylistPlan:
    found = _LENGTH.fullmatch(_one(items))
    if found is None or not found[0]:
        raise ValueError
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return replace(plan, length=hours * 3600 + minutes * 60 + seconds)


def _arc(plan: PlaylistPlan, items: Sequence[Item]) -> PlaylistPlan:
    start, dash, end = _one(items).partition("-")
    return replace(plan, energy=Arc(float(start), float(end if dash else start)))


def _unclear(plan: PlaylistPlan, items: Sequence[Item]) -> PlaylistPlan:
    said = (Unclear(item.text, Why(item.means) if item.means else Why.UNKNOWN) for item in items)
    return replace(plan, unclear=(*plan.unclear, *said))


_READERS: Mapping[str, _Reader] = {
    "words": lambda plan, items: replace(plan, words=(*plan.words, *_named(items))),
    "artist": lambda plan, items: replace(plan, artists=(*plan.artists, *_named(items))),
    "tag": lambda plan, items: replace(plan, tags=(*plan.tags, *_named(items))),
    "friends": lambda plan, items: replace(plan, friends=(*plan.friends, *_texts(items))),
    "mood": _mood,
    "era": _era,
    "length": _length,
    "count": lambda plan, items: replace(plan, count=int(_one(items))),
    "unheard": lambda plan, items: replace(plan, unheard={"true": True, "false": False}[_one(items).lower()]),
    "without": lambda plan, items: replace(plan, without=(*plan.without, *_texts(items))),
    "energy": _arc,
    "variety": lambda plan, items: replace(plan, variety=float(_one(items))),
    "refresh": lambda plan, items: replace(plan, refresh=Refresh(_one(items).upper())),
    "title": lambda plan, items: replace(plan, title=_one(items)),
    "language": lambda plan, items: replace(plan, language=Language(_one(items).upper())),
    "unclear": _unclear,
}


# --- writing --------------------------------------------------------------------------------


def _word(text: str) -> str:
    if text and not _TROUBLE.search(text.replace(" ", "")) and " " not in (text[0], text[-1]):
        return text
    return _quoted_word(text)


def _quoted_word(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _weighted(parts: Sequence[Named]) -> str:
    return f"({', '.join(map(_weighted_one, parts))})" if parts else ""


def _weighted_one(part: Named) -> str:
    text, means = _word(part.text), _word(part.means)
    if part.means and '"' in (text[0], means[0]):  # either both in quotation marks, or neither
        text, means = _quoted_word(part.text), _quoted_word(part.means)
    amount = f"^{part.amount:g}" if part.amount != 1 else ""
    return text + amount + (f"={means}" if part.means else "")


def _listed(parts: Sequence[str]) -> str:
    return f"({', '.join(map(_word, parts))})" if parts else ""


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def _years(era: Era | None) -> str:
    if era is None:
        return ""
    if era.first == era.last:
        return f"({era.first})"
    return f"({era.first or ''}-{era.last or ''})"


_WRITERS: Mapping[str, Callable[[PlaylistPlan], str]] = {
    "words": lambda plan: _weighted(plan.words),
    "artist": lambda plan: _weighted(plan.artists),
    "tag": lambda plan: _weighted(plan.tags),
    "friends": lambda plan: _listed(plan.friends),
    "mood": lambda plan: "" if plan.mood is None else f"({plan.mood.valence:g}, {plan.mood.energy:g})",
    "era": lambda plan: _years(plan.era),
    "length": lambda plan: _duration(plan.length),
    "count": lambda plan: "" if plan.count is None else str(plan.count),
    "unheard": lambda plan: "true" if plan.unheard else "",
    "without": lambda plan: _listed(plan.without),
    "energy": lambda plan: "" if plan.energy is None else f"({plan.energy.start:g}-{plan.energy.end:g})",
    "variety": lambda plan: "" if plan.variety is None else f"{plan.variety:g}",
    "refresh": lambda plan: "" if plan.refresh is Refresh.NEVER else plan.refresh.value.lower(),
    "title": lambda plan: f"({_word(plan.title)})" if plan.title else "",
    "language": lambda plan: "" if plan.language is Language.EN else plan.language.value.lower(),
    "unclear": lambda plan: _weighted(tuple(Named(part.text, 1.0, part.why.value) for part in plan.unclear)),
}
