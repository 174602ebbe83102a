"""The privacy policy people answer to: immutable texts, one file a version, named in every consent.

A text may hold ``{k}``, in whose place the smallest aggregate stands (`policies.SMALLEST_AGGREGATE`). Where an
installation keeps another one than usual, its text is a version of its own: ``2026-11-26+k3``.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from accounts import policies
from accounts.models import Purpose

TEXTS = Path(__file__).parent / "policy_texts"

PLACE, USUAL = "{k}", 10  # what stands for the smallest aggregate in a text, and what texts without it say
_MARK = "+k"

_DPV = "https://w3id.org/dpv#"

# The nearest purpose of the W3C Data Privacy Vocabulary 2.0 (https://w3id.org/dpv#vocab-purposes).
DPV_IRI: dict[Purpose, str] = {
    Purpose.RECORD: f"{_DPV}RecordManagement",
    Purpose.SELF: f"{_DPV}ProvidePersonalisedRecommendations",
    Purpose.CONTRIBUTE: f"{_DPV}ImproveExistingProductsAndServices",
    Purpose.SOCIAL_IN: f"{_DPV}ProvidePersonalisedRecommendations",
    Purpose.SOCIAL_OUT: f"{_DPV}ProvidePersonalisedRecommendations",
    Purpose.NAMED: f"{_DPV}CommunicationManagement",
    Purpose.DISCOVERABLE: f"{_DPV}ServiceProvision",
    Purpose.CALENDAR: f"{_DPV}ServicePersonalisation",
    Purpose.LOCATION: f"{_DPV}ServicePersonalisation",
    Purpose.FEEDBACK: f"{_DPV}ServiceUsageAnalytics",
    Purpose.EXPERIMENT: f"{_DPV}ResearchAndDevelopment",
    Purpose.THIRD_PARTY: f"{_DPV}ServiceProvision",
}

# Nothing here uses these. So nobody is asked, the text does not speak of them, and only a no is taken. At the moment everything is used.
NOT_USED: frozenset[Purpose] = frozenset()
ASKED = tuple(purpose for purpose in Purpose if purpose not in NOT_USED)

# Consent to these ends by itself.
EXPIRES_AFTER: dict[Purpose, timedelta] = {
    Purpose.CALENDAR: timedelta(days=90),
    Purpose.LOCATION: timedelta(days=90),
}


@dataclass(frozen=True, slots=True)
class PolicyText:
    """One version of the policy; ``hash`` is the SHA-256 of ``text``, as people read it."""

    version: str
    text: str
    hash: str


@cache
def policy_text_current() -> PolicyText:
    """The newest policy text; versions are named so that they sort by date."""
    return policy_texts()[-1]


def policy_texts() -> list[PolicyText]:
    """Every text there is, oldest first."""
    paths = sorted(TEXTS.glob("*.md"), key=lambda path: path.stem)
    return [_rendered(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def smallest_aggregate_of(version: str) -> int:
    """The smallest aggregate that a version of the text promises."""
    _, _, k = version.partition(_MARK)
    return int(k) if k else USUAL


def _rendered(version: str, text: str) -> PolicyText:
    k = policies.SMALLEST_AGGREGATE
    if PLACE in text:
        text = text.replace(PLACE, str(k))
        version = version if k == USUAL else f"{version}{_MARK}{k}"
    return PolicyText(version, text, hashlib.sha256(text.encode()).hexdigest())
