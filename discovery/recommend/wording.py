"""What reasons and their actions say, as templates that can be translated."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from discovery.recommend.citing import BECAUSE
from discovery.recommend.explain import ActionKind, Cited, NodeKind, NodeRef, ReasonKind


def action_label(cited: Cited, names: Mapping[NodeRef, str]) -> str:  # noqa: PLR0911 one sentence a case
    """What the action of a reason does, in words."""
    action = cited.action
    named = names.get(action.target) if action and action.target else None
    match action and action.kind:
        case ActionKind.EXCLUDE_FROM_TASTE:
            return _("Do not count %(thing)s for what I am shown") % {"thing": named}
        case ActionKind.TURN_OFF_FRIEND:
            return _("Leave %(friend)s out of what I am shown") % {"friend": named}
        case ActionKind.TURN_OFF_PURPOSE:
            return _("Stop using my friends' plays for my recommendations")
        case ActionKind.HIDE_ITEM:
            return _("Do not show me this again")
        case ActionKind.SET_LEVEL if cited.kind is ReasonKind.POPULARITY:
            return _("Let what I play count")
        case ActionKind.SET_LEVEL if cited.kind is ReasonKind.OCCASION:
            return _("Leave the occasion out")
        case _:
            return _("Show me what is popular instead")


def wording(cited: Cited, names: Mapping[NodeRef, str]) -> str:  # noqa: PLR0911 one sentence a case
    """The sentence for a reason; ``names`` holds a name for every node it cites."""
    friend = next((names[ref] for ref in cited.evidence if ref.kind is NodeKind.LISTENER), None)
    things = [names[ref] for ref in cited.evidence if ref.kind is not NodeKind.LISTENER]
    listed = get_text_list(things, _("and"))
    match cited.kind:
        case ReasonKind.OWN_PLAY if len(things) == 1 and cited.share >= BECAUSE:
            return _("Because you played %(things)s") % {"things": listed}
        case ReasonKind.OWN_PLAY:
            return ngettext(
                "Your one signal: %(things)s (%(part)s of the score)",
                "Strongest of your %(count)d signals: %(things)s (%(part)s of the score)",
                cited.signals,
            ) % {"count": cited.signals, "things": listed, "part": fraction(cited.share)}
        case ReasonKind.ONBOARDING:
            return _("Because you picked %(things)s") % {"things": listed}
        case ReasonKind.FRIEND if friend and cited.itself:
            return _("Your friend %(friend)s plays this") % {"friend": friend}
        case ReasonKind.FRIEND if friend:
            return _("Your friend %(friend)s plays %(things)s") % {"friend": friend, "things": listed}
        case ReasonKind.FRIEND if cited.itself:
            return _("Friends of yours play this")
        case ReasonKind.FRIEND:
            return _("Friends of yours play %(things)s") % {"things": listed}
        case ReasonKind.POPULARITY:
            return _("Popular with listeners here (not personal)")
        case _:
            return _("Matches %(things)s") % {"things": listed}


def fraction(share: float) -> str:
    """A share in plain words: 0.19 is "about a fifth"."""
    return _(next(words for limit, words in _FRACTIONS if share < limit))


_FRACTIONS = (
    (0.075, gettext_noop("a small part")), (0.14, gettext_noop("about a tenth")),
    (0.225, gettext_noop("about a fifth")), (0.29, gettext_noop("about a quarter")),
    (0.42, gettext_noop("about a third")), (0.58, gettext_noop("about half")),
    (0.71, gettext_noop("about two thirds")), (0.85, gettext_noop("about three quarters")),
    (math.inf, gettext_noop("nearly all")),
)  # fmt: skip
