"""Whether a text asks for music at all: a question about the weather, a command line or a joke does not.

Enters: the text and the plan that its words came to. Leaves: whether it is about something else.
"""

from __future__ import annotations

import re

from discovery.plans import lists
from discovery.plans.plan import PlaylistPlan, Refresh, Why
from discovery.plans.tokens import tokens_of

# Signs of programs and shells that no wish has.
_CODE = re.compile(
    r"</?[a-z]+[^<>]*>|&&|\|\||\$\(|\{\{|\}\}|[;{}]\s*$|;\s*(?:do|done|echo)\b|\(\)|\b\w+\([^)\s]*\)|(?:^|\s)--?[a-z][\w-]*(?:=\S*)?(?=\s|$)"
    r"|https?://|/(?:etc|bin|usr|var|home|dev)/|==|!=|\bselect\b.+\bfrom\b|\bdrop table\b|\binsert into\b|\\n|\.\./",
    re.IGNORECASE,
)
_FEW, _MANY = 1, 3  # how many words in no list may stand beside one that is understood


def beside_music(text: str, plan: PlaylistPlan) -> bool:
    """Whether ``text`` is about something else than what to hear."""
    keys = [token.key for token in tokens_of(text)]
    kinds = {phrase.kind for _places, phrase in lists.known_phrases(keys)}
    if plan.artists or plan.tags or plan.without or kinds & {"music", "noun"}:
        return False
    if _CODE.search(text) or "off topic" in kinds:
        return True
    unknown = sum(len(part.text.split()) for part in plan.unclear if part.why is Why.UNKNOWN)
    return unknown > _understood(plan)


def _understood(plan: PlaylistPlan) -> int:
    """How many words in no list what is understood outweighs."""
    fields = (plan.length, plan.count, plan.era, plan.energy, plan.variety, plan.unheard or None)
    figures = (
        sum(field is not None for field in fields) + len(plan.friends) + (plan.refresh is not Refresh.NEVER)
    )
    feelings = sum(not lists.is_occasion(word.text) for word in plan.words)
    return _MANY * (figures + feelings) + _FEW * (len(plan.words) - feelings)
