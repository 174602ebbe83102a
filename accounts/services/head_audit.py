"""Whether heads of the ledger hold together, in the database, in the file beside the data and in copies from elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import LedgerHead, LedgerTombstone
from accounts.services.ledger_head import Chains, head_hash, heads_read, removed_root
from accounts.signatures import SignatureInvalid, public_key_text, verify

Head = Mapping[str, Any]


@dataclass
class Heads:
    """Every head that is known, and how far the ledger has been compared with them."""

    sound: list[Head] = field(default_factory=list)  # by position; each vouched for by its signature
    problems: list[str] = field(default_factory=list)
    _good: int = 0  # position up to which a head was true

    def passed(self, chains: Chains, *, before: int | None) -> Iterator[str]:
        """Compare the heads that end before position ``before`` (None: all that are left) with the chains up to there."""
        while self.sound and (before is None or self.sound[0]["position"] < before):
            head = self.sound.pop(0)
            yield from self._compared(head, chains.facts())

    def _compared(self, head: Head, found: Mapping[str, Any]) -> Iterator[str]:
        wrong = [
            f"{head[what]} {what} then, {found[what]} now"
            for what in ("chains", "lines")
            if head[what] != found[what]
        ]
        if wrong:
            kind = "a chain was removed" if head["chains"] > found["chains"] else "lines were removed"
            kind = "lines were added" if head["lines"] < found["lines"] else kind
            yield f"{self._span(head)}: {kind} since ({'; '.join(wrong)})"
        elif head["root"] != found["root"]:
            yield f"{self._span(head)}: a line was rewritten since, with all hashes after it"
        else:
            self._good = head["position"]

    def _span(self, head: Head) -> str:
        return f"the ledger is not what head {head['number']} says, between positions {self._good} and {head['position']}"


def heads_known(copies: Iterable[Head] = (), keys: Collection[str] = ()) -> Heads:
    """The heads of the database, the file and ``copies``; what does not hold together among them is a problem."""
    stored = {head.number: head.document for head in LedgerHead.objects.order_by("number")}
    found = Heads()
    path = Path(settings.LEDGER_HEADS)
    beside = _of_file(path, found) if stored or path.exists() else {}
    for number in sorted(stored.keys() - beside.keys()):
        found.problems.append(f"head {number} is missing from {path}")
    known = dict(stored)
    for where, heads in ((str(path), beside.values()), ("the copy", copies)):
        for head in heads:
            number = head["number"]
            if number not in stored:
                found.problems.append(f"head {number} of {where} was removed from the database")
            elif head_hash(head) != head_hash(stored[number]):
                found.problems.append(f"head {number} of {where} is another one than in the database")
                found.sound += _signed([head], keys, found)
            known.setdefault(number, head)
    _check_order(known, found)
    found.sound += _signed(known.values(), keys, found)
    found.sound.sort(key=lambda head: (head["position"], head["number"]))
    return found


def _of_file(path: Path, found: Heads) -> dict[int, Head]:
    try:
        return {head["number"]: head for head in heads_read(path)}
    except (OSError, ValueError) as error:
        found.problems.append(f"the heads beside the data cannot be read: {error}")
        return {}


def _check_order(known: Mapping[int, Head], found: Heads) -> None:
    for number in range(1, max(known, default=0) + 1):
        if number not in known:
            found.problems.append(f"head {number} is nowhere")
        elif (
            number > 1
            and number - 1 in known
            and known[number].get("previousHead") != head_hash(known[number - 1])
        ):
            found.problems.append(
                f"head {number} does not follow the one before it: one of the two was rewritten"
            )
    left = _removed_by_head()
    for number, head in known.items():
        said = [root for since, root in left if since <= number]
        if head.get("removed") != (said[-1] if said else ""):
            found.problems.append(f"what head {number} says was removed is not what is left of it")
    last = max(known, default=0)
    unsigned = LedgerTombstone.objects.filter(head__gt=last).count()
    if unsigned:
        found.problems.append(f"{unsigned} lines were removed without a head that says so")


def _removed_by_head() -> list[tuple[int, str]]:
    """(number, root over what is left of all lines removed up to it), for each head that said some were."""
    numbers = LedgerTombstone.objects.order_by("head").values_list("head", flat=True).distinct()
    return [(number, removed_root(number)) for number in numbers]


def _signed(heads: Iterable[Head], keys: Collection[str], found: Heads) -> list[Head]:
    """Those that this installation, or one of ``keys``, signed."""
    sound = []
    for head in heads:
        proof = head.get("proof")
        key = proof.get("publicKey") if isinstance(proof, Mapping) else None
        try:
            verify(head, key if key in keys else public_key_text(settings.SIGNING_KEY))
        except SignatureInvalid as error:
            found.problems.append(f"head {head['number']} was rewritten. {error}")
        else:
            sound.append(head)
    return sound
