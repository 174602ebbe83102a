"""From what was heard to what the page is told: done at once, asked first, or not understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from discovery.voice.heard import Heard
from discovery.voice.phrases import Intent, understood

SURE = 0.5  # from this confidence on a command is done at once; thresholds are of `manage.py evaluate_voice`
PERHAPS = 0.15  # and from this one on it is asked for first


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page does, or asks for where ``confirm`` is set; nothing where there is no intent."""

    intent: Intent | None
    slots: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.0
    say: str = ""
    confirm: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "understood": self.intent is not None,
            "intent": self.intent,
            "slots": dict(self.slots),
            "confidence": round(self.confidence, 2),
            "say": self.say,
            "confirm": self.confirm,
        }


# What it says of each: of what is done, and of what is asked for.
SAID: Mapping[Intent, Callable[[], str]] = {
    Intent.PLAY: lambda: _("Play on"),
    Intent.PAUSE: lambda: _("Pause"),
    Intent.SKIP: lambda: _("Skip this song"),
    Intent.LIKE: lambda: _("I like this song"),
    Intent.LESS: lambda: _("Less of this"),
    Intent.WHY: lambda: _("Why this song?"),
    Intent.RADIO: lambda: _("Start a radio"),
    Intent.PLAYLIST: lambda: _("Make a playlist"),
    Intent.PRIVATE: lambda: _("Start a private session"),
}
ASKED_FIRST = frozenset({Intent.PRIVATE})  # however sure: it changes more than what plays


def answer(heard: Heard) -> Answer:
    command = understood(heard.words)
    if command is None or heard.confidence < PERHAPS:
        return Answer(None, say=_("I did not understand that. Say for example: skip this song."))
    confirm = heard.confidence < SURE or command.intent in ASKED_FIRST
    what = SAID[command.intent]()
    if command.slots:
        what = _("%(command)s: %(what)s") % {"command": what, "what": ", ".join(command.slots.values())}
    say = _("Did you mean: %(command)s?") % {"command": what} if confirm else what
    return Answer(command.intent, command.slots, heard.confidence, say, confirm)
