"""Words to a checked plan: the grammar's fields, and prose around them.

Enters: what somebody typed, and which names they may mean. Leaves: a `PlaylistPlan`, or a refusal with a code.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from discovery.plans.grammar import fields_read
from discovery.plans.plan import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Language,
    PlaylistPlan,
    Refresh,
    Why,
    plan_checked,
)
from discovery.plans.prose import prose_read
from discovery.plans.readings import Known
from discovery.plans.topic import beside_music
from discovery.platform.errors import InvalidInput
from discovery.platform.names import name_clean

TITLE_LENGTH = 80


def text_checked(text: str) -> str:
    """Raises InvalidInput: INVALID_EMPTY, INVALID_TOO_LONG, INVALID_CHARACTERS."""
    return name_clean(text, field="text", length=LONGEST_TEXT)


def plan_understood(text: str, known: Known) -> PlaylistPlan:
    """The plan that ``text`` asks for, in the grammar, in words, or in both.

    Raises InvalidInput: what `text_checked`, `fields_read` and `plan_checked` raise, and PLAN_NOT_UNDERSTOOD where
    nothing of it says anything, or it is about something else than music.
    """
    text = text_checked(text)
    told, prose = fields_read(text)
    said = prose_read(prose, known)
    beside = not told.says_something and beside_music(prose, said)
    plan = PlaylistPlan() if beside else plan_checked(_together(told, said))
    if not plan.says_something:
        raise InvalidInput(
            _("Nothing of this says what the playlist is to be."), field="text", code="PLAN_NOT_UNDERSTOOD"
        )
    return plan if plan.title else replace(plan, title=_title(text, plan, alone=prose == text))


def _together(told: PlaylistPlan, said: PlaylistPlan) -> PlaylistPlan:
    """Both; a field that was told counts before what words say."""
    return PlaylistPlan(
        words=(*told.words, *said.words),
        artists=(*told.artists, *said.artists),
        tags=(*told.tags, *said.tags),
        friends=(*told.friends, *said.friends),
        without=(*told.without, *said.without),
        mood=told.mood or said.mood,
        era=told.era or said.era,
        length=told.length if told.length is not None else said.length,
        count=told.count if told.count is not None else said.count,
        unheard=told.unheard or said.unheard,
        energy=told.energy or said.energy,
        variety=told.variety if told.variety is not None else said.variety,
        refresh=told.refresh if told.refresh is not Refresh.NEVER else said.refresh,
        title=told.title,
        language=told.language if told.language is not Language.EN else said.language,
        unclear=(*told.unclear, *said.unclear),
    )


def _title(text: str, plan: PlaylistPlan, *, alone: bool) -> str:
    """What was said, where nobody else is named in it; else what it is about."""
    refused = any(
        part.why is Why.NOT_POSSIBLE for part in plan.unclear
    )  # a friend who is to stay away, perhaps
    if alone and not plan.friends and not refused:
        title = text.rstrip(" .,;:!?")
        return title[:1].upper() + title[1:TITLE_LENGTH].rstrip() if title else ""
    return title_about(plan)


def title_about(plan: PlaylistPlan) -> str:
    """What a plan is about: the first of its words; nothing where it has none."""
    about = [part.text for part in (*plan.words, *plan.tags, *plan.artists)][:4]
    title = ", ".join(about)[: min(TITLE_LENGTH, LONGEST_NAME)].rstrip()
    return title[:1].upper() + title[1:]
