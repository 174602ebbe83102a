"""What reasons and their actions say, as templates that can be translated.

A page has a hundred of these sentences, and looking one up costs several times as much as filling it in: each is
looked up once a process and language, and the language once an answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache, partial

from django.utils import translation
from django.utils.translation import gettext_noop

from accounts.presentation import Ref
from discovery.models import MomentLabel
from discovery.recommend.citing import BECAUSE
from discovery.recommend.explain import ActionKind, Cited, Manner, ReasonKind
from discovery.recommend.occasion import DayPart, MomentWord

NUMBERS = 1024  # sentences with a number that are remembered


@cache
def _looked_up(_language: str | None, message: str) -> str:
    return translation.gettext(message)


@lru_cache(NUMBERS)
def _counted(_language: str | None, singular: str, plural: str, number: int) -> str:
    return translation.ngettext(singular, plural, number)


class Wording:
    """The words of one answer. ``names`` holds a name for every node that its reasons cite."""

    def __init__(self, names: Mapping[Ref, str]) -> None:
        self._names = names
        self._language = translation.get_language()
        self._gettext = partial(_looked_up, self._language)

    def reason(self, cited: Cited) -> str:  # noqa: C901, PLR0911 one sentence a case
        """The sentence for a reason."""
        _ = self._gettext
        friend = next((self._names[ref] for ref in cited.evidence if ref.kind == "Listener"), None)
        things = [self._names[ref] for ref in cited.evidence if ref.kind != "Listener"]
        listed = self._listed(things)
        match cited.kind:
            case ReasonKind.OWN_PLAY if len(things) == 1 and cited.share >= BECAUSE:
                return _(_BECAUSE.get(cited.manner, _SESSION)) % {"things": listed}
            case ReasonKind.OWN_PLAY:
                return self._strongest(cited.signals) % {
                    "count": cited.signals, "things": listed, "part": self.fraction(cited.share)
                }  # fmt: skip
            case ReasonKind.ONBOARDING:
                return _(_BECAUSE.get(cited.manner, _SESSION)) % {"things": listed}
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
            case ReasonKind.WORD:
                return _("You asked for %(words)s") % {"words": self._said(cited)}
            case ReasonKind.OCCASION:
                return self._moment(cited)
            case _:
                return _("Matches %(things)s") % {"things": listed}

    def action(self, cited: Cited) -> str:  # noqa: PLR0911 one sentence a case
        """What the action of a reason does."""
        _ = self._gettext
        action = cited.action
        named = self._names.get(action.target) if action and action.target else None
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

    def fraction(self, share: float) -> str:
        """A share in plain words: 0.19 is "about a fifth"."""
        return self._gettext(next(words for limit, words in _FRACTIONS if share < limit))

    def _strongest(self, number: int) -> str:
        ngettext = partial(_counted, self._language)
        return ngettext(
            "Your one signal: %(things)s (%(part)s of all that weighs in)",
            "Strongest of your %(count)d signals: %(things)s (%(part)s of all that weighs in)",
            number,
        )

    def _moment(self, cited: Cited) -> str:
        """What moment it is for."""
        moment = next(word for word in cited.words if isinstance(word, MomentWord))
        return moment_named(moment.label, moment.part)

    def _said(self, cited: Cited) -> str:
        """The words of a reason; of those that are not wanted, that they are not."""
        _ = self._gettext
        return self._listed([
            word.text if word.amount > 0 else _("not %(word)s") % {"word": word.text} for word in cited.words
        ])  # fmt: skip

    def _listed(self, things: Sequence[str]) -> str:
        """Names as a list in words: "A, B and C"."""
        if len(things) < 2:
            return "".join(things)
        _ = self._gettext
        return " ".join((", ".join(things[:-1]), _("and"), things[-1]))


def moment_named(label: MomentLabel, part: DayPart) -> str:
    """What a moment is called, in the language of now: "For your run this morning"."""
    looked_up = partial(_looked_up, translation.get_language())
    return looked_up(_FOR[part]) % {"moment": looked_up(_YOURS[label])}


_BECAUSE = {
    Manner.PLAYED: gettext_noop("Because you played %(things)s"),
    Manner.LIKED: gettext_noop("Because you like %(things)s"),
    Manner.PICKED: gettext_noop("Because you picked %(things)s"),
    Manner.HEARD: gettext_noop("Because you have just heard %(things)s"),
}
_SESSION = gettext_noop("From this session: %(things)s")

_FOR = {
    DayPart.MORNING: gettext_noop("For %(moment)s this morning"),
    DayPart.DAY: gettext_noop("For %(moment)s today"),
    DayPart.EVENING: gettext_noop("For %(moment)s this evening"),
    DayPart.NIGHT: gettext_noop("For %(moment)s tonight"),
}
_YOURS = {
    MomentLabel.RUN: gettext_noop("your run"), MomentLabel.WALK: gettext_noop("your walk"),
    MomentLabel.CYCLE: gettext_noop("your bike ride"), MomentLabel.SPORT: gettext_noop("your workout"),
    MomentLabel.YOGA: gettext_noop("your yoga"), MomentLabel.COMMUTE: gettext_noop("your way to work"),
    MomentLabel.TRAVEL: gettext_noop("your journey"), MomentLabel.WORK: gettext_noop("your work"),
    MomentLabel.STUDY: gettext_noop("your studies"), MomentLabel.COOK: gettext_noop("your cooking"),
    MomentLabel.CHORES: gettext_noop("your housework"), MomentLabel.DINNER: gettext_noop("your dinner"),
    MomentLabel.PARTY: gettext_noop("your party"), MomentLabel.RELAX: gettext_noop("your rest"),
    MomentLabel.SLEEP: gettext_noop("your sleep"),
}  # fmt: skip

_FRACTIONS = (
    (0.075, gettext_noop("a small part")), (0.14, gettext_noop("about a tenth")),
    (0.225, gettext_noop("about a fifth")), (0.29, gettext_noop("about a quarter")),
    (0.42, gettext_noop("about a third")), (0.58, gettext_noop("about half")),
    (0.71, gettext_noop("about two thirds")), (0.85, gettext_noop("about three quarters")),
    (math.inf, gettext_noop("nearly all")),
)  # fmt: skip
