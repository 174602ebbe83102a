"""An arm: a frozen record of serving parameters that exist, and the index it scores with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from discovery.platform.errors import InvalidInput
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

ARMS = 2  # that are held at once
LOUDEST = 4.0  # times what the model says of a channel

# How the people who meet an arm read of it.
_WORDS: Mapping[Channel, Promise] = {
    Channel.OWN: gettext_lazy("what you play and like × %(weight)s"),
    Channel.FRIEND: gettext_lazy("what friends play × %(weight)s"),
    Channel.PICK: gettext_lazy("what you pick × %(weight)s"),
    Channel.PROMPT_TAG: gettext_lazy("words you begin from × %(weight)s"),
    Channel.NEGATIVE: gettext_lazy("what you skip and dislike × %(weight)s"),
    Channel.WORD: gettext_lazy("words you ask for × %(weight)s"),
}


@dataclass(frozen=True)
class Arm:
    """``variety``: where nobody asks for any; None leaves what is usual. ``weights``: by channel, times what the model says; likewise ``prior``."""

    variety: float | None = None
    prior: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """What was stored, or told by an operator. Raises InvalidInput."""
        if not _known(record):
            message = _("An arm has variety, prior and weights by channel (%(channels)s), and nothing else.")
            raise InvalidInput(message % {"channels": ", ".join(each.name for each in Channel)}, field="arm")
        weights = record.get("weights", {})
        arm = cls(record.get("variety"), record.get("prior", 1.0), dict(sorted(weights.items())))
        bounded = [(arm.prior, LOUDEST), *((weight, LOUDEST) for weight in weights.values())]
        if arm.variety is not None:
            bounded.append((arm.variety, 1.0))
        if not all(_within(value, most) for value, most in bounded):
            raise InvalidInput(
                _("Variety is a number from 0 to 1, and each weight one from 0 to 4."), field="arm"
            )
        return arm

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def changed(self) -> Self:
        """The same without weights that change nothing: two arms differ where these do."""
        return replace(self, weights={name: weight for name, weight in self.weights.items() if weight != 1.0})

    @property
    def in_words(self) -> str:
        """What it says otherwise than the model and the request."""
        told = [
            _WORDS[Channel[name]] % {"weight": number_format(f"{weight:g}")}
            for name, weight in self.changed.weights.items()
        ]
        if self.variety is not None:
            told.append(
                _("variety %(variety)s (of 0 to 1)") % {"variety": number_format(f"{self.variety:g}")}
            )
        if self.prior != 1.0:
            told.append(_("popularity × %(weight)s") % {"weight": number_format(f"{self.prior:g}")})
        return ", ".join(told) or _("the usual setting")

    def variety_of(self, usual: float) -> float:
        """What it varies with where nobody asked for any."""
        return usual if self.variety is None else self.variety

    def index(self, served: ItemIndex) -> ItemIndex:
        """``served`` as this arm weighs it; made once a process for each arm."""
        factors = {Channel[name]: weight for name, weight in self.weights.items() if weight != 1.0}
        if not factors and self.prior == 1.0:
            return served
        key = (self.prior, *sorted(factors.items()))
        kept = _weighed.setdefault(served, {})
        index = kept.get(key)
        if index is None:
            while len(kept) >= ARMS:  # of an experiment before
                kept.pop(next(iter(kept)), None)
            index = kept[key] = served.weighed(factors, prior=self.prior)
        return index


_weighed: WeakKeyDictionary[ItemIndex, dict[tuple[Any, ...], ItemIndex]] = WeakKeyDictionary()


def _known(record: object) -> bool:
    """Whether it names what there is and nothing else; what an operator types may be anything that JSON can say."""
    if not isinstance(record, Mapping) or record.keys() - {"variety", "prior", "weights"}:
        return False
    weights = record.get("weights", {})
    return isinstance(weights, Mapping) and weights.keys() <= {each.name for each in Channel}


def _within(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
