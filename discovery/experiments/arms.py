"""An arm: a frozen record of serving parameters that exist, and the index it scores with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

ARMS = 2  # that are held at once
LOUDEST = 4.0  # times what the model says of a channel


@dataclass(frozen=True)
class Arm:
    """``variety``: where nobody asks for any; None leaves what is usual. ``weights``: by channel, times what the model says; likewise ``prior``."""

    variety: float | None = None
    prior: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """What was stored, or told by an operator. Raises InvalidInput."""
        if not isinstance(record, Mapping):
            raise InvalidInput(_("An arm has variety, prior and weights by channel."), field="arm")
        unknown = record.keys() - {"variety", "prior", "weights"}
        weights = record.get("weights", {})
        if unknown or not isinstance(weights, Mapping) or weights.keys() - {each.name for each in Channel}:
            raise InvalidInput(_("An arm has variety, prior and weights by channel."), field="arm")
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
    def changed(self) -> Mapping[str, float]:
        """What it says otherwise than the model and the request, by name."""
        told = {f"weight {name}": weight for name, weight in self.weights.items() if weight != 1.0}
        if self.variety is not None:
            told["variety"] = self.variety
        return told | ({"prior": self.prior} if self.prior != 1.0 else {})

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


def _within(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
