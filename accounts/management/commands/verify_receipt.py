"""Check a receipt offline: nothing but the file, a public key and the heads of the ledger beside the data is asked.

A proof of what a model learned from is checked against a person's own edges: whether they are in it, or not.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.edge_proofs import ProofInvalid, commitment, leaf_of, leaf_read, proven
from accounts.services.ledger_head import head_hash, heads_read
from accounts.signatures import SignatureInvalid, public_key_text, verify


class Command(BaseCommand):
    help = (
        "Check the signature of a receipt, or of each receipt in a list, and the head of the ledger it names where that "
        "is known; or a proof of what a model learned from, or a list of such proofs of one model. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", help="The public key (base64) it must be signed with; this installation's else."
        )

        parser.add_argument(
            "--head",
            type=Path,
            help="Heads of the ledger kept elsewhere; those beside the data else, where there are any.",
        )

        parser.add_argument(
            "--edges",
            type=Path,
            help="With a proof: the training edges it is about, as they were told to you.",
        )
        parser.add_argument(
            "--receipts", type=Path, help="With edges: receipts that named their key beforehand."
        )
        parser.add_argument(
            "--root", help="With a proof: the root it must lead to, as the model has published it."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        content = _read(options["file"])
        key = options["key"] or public_key_text(settings.SIGNING_KEY)
        documents = content if isinstance(content, list) else [content]
        heads = _heads(options["head"])
        anchored: Counter[str] = Counter()
        for number, document in enumerate(documents, start=1):
            try:
                verify(document if isinstance(document, dict) else {}, key)
            except SignatureInvalid as error:
                raise CommandError(f"Receipt {number} is not valid. {error}") from error
            anchored[_anchored(document, heads, key, number)] += 1
        proofs = [document for document in documents if document.get("type") == "TrainingProof"]
        _ensure_asked_of_proofs(proofs, options)
        self.stdout.write(f"{len(documents)} valid, signed with {key}.")
        if proofs:
            edges = _edges(options["edges"], options["receipts"], key) if options["edges"] else None
            self.stdout.write(_proofs_told(proofs, edges, options["root"]))
            if options["receipts"] is not None and _is_clean(options["receipts"], proofs, key):
                self.stdout.write("It is the model that the receipt of the erasure names.")
            return
        for how, count in sorted(anchored.items()):
            self.stdout.write(f"{count} {how}.")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error


def _ensure_asked_of_proofs(proofs: list[dict[str, Any]], options: dict[str, Any]) -> None:
    """Raise CommandError where an option would be passed over: whoever names it believes that it was looked at."""
    asked = [f"--{name}" for name in ("edges", "receipts", "root") if options[name] is not None]
    if asked and not proofs:
        raise CommandError(f"There is no proof in {options['file']}, to which {asked[0]} belongs.")
    if options["receipts"] is not None and options["edges"] is None:
        raise CommandError("--receipts are checked against a key, which --edges holds.")


def _proofs_told(proofs: list[dict[str, Any]], edges: dict[int, str] | None, root: str | None) -> str:
    """What signed proofs of one model prove together. Raises CommandError where one proves nothing, or something else."""
    found: dict[int, bool] = {}
    for proof in proofs:
        found |= _proven(proof, edges, root)
    of = {(proof["model"], proof["root"]) for proof in proofs}
    if len(of) > 1:
        raise CommandError("These proofs are of several models: check those of each by themselves.")
    if not found:
        raise CommandError(f"The proof says nothing of any {'hash' if edges is None else 'edge of yours'}.")
    ((model, shown),) = of
    there = sum(found.values())
    missing = Counter(edges[leaf] for leaf, is_there in found.items() if not is_there) if edges else {}
    which = ", ".join(f"{count} of {kind}" for kind, count in sorted(missing.items()))
    unasked = len(edges or {}) - len(found) if edges else 0
    return (
        f"Model {model} with root {shown} learned from {there} of {len(found)} "
        f"{'leaves' if edges is None else 'edges of yours'}, "
        f"and from {len(found) - there} it did not{f' ({which})' if which else ''}."
        + (f" Of {unasked} edges of yours more, nothing was asked." if unasked else "")
    )


def _proven(proof: dict[str, Any], edges: dict[int, str] | None, root: str | None) -> dict[int, bool]:
    """Of each leaf that a proof was asked about, whether it is there; with ``edges``, of those alone. Raises CommandError."""
    if root not in {None, proof.get("root")}:
        raise CommandError("The proof is for another root than the one given.")
    try:
        asked = [leaf_read(leaf) for leaf in proof["leaves"]]
        asked = asked if edges is None else [leaf for leaf in asked if leaf in edges]
        return proven(proof, proof["root"], asked) if asked else {}
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(f"The proof cannot be read: {error!r}") from error
    except ProofInvalid as error:
        raise CommandError(f"The proof is not valid. {error}") from error


def _edges(path: Path, receipts: Path | None, key: str) -> dict[int, str]:
    """What a person's edges are under their key, worked out anew, and what kind each is of. Raises CommandError."""
    told = _read(path)
    try:
        verify(told, key)
        secret = bytes.fromhex(told["key"])
        edges = [tuple(edge) for edge in told["edges"]]
    except SignatureInvalid as error:
        raise CommandError(f"The edges are not valid. {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{path} holds no training edges: {error!r}") from error
    if receipts is not None:
        _ensure_named(_read(receipts), told["subject"], commitment(secret), key)
    return {leaf_of(secret, edge): str(edge[0]) for edge in edges}


def _is_clean(path: Path, proofs: list[dict[str, Any]], key: str) -> bool:
    """Whether a receipt of an erasure names the model of these proofs. Raises CommandError where it names another root for it."""
    told = _read(path)
    named = False
    for receipt in told if isinstance(told, list) else [told]:
        clean = receipt.get("cleanModel")
        if receipt.get("type") != "ErasureReceipt" or not clean or clean.get("id") != proofs[0]["model"]:
            continue
        try:
            verify(receipt, key)
        except SignatureInvalid as error:
            raise CommandError(f"A receipt is not valid. {error}") from error
        for proof in proofs:
            said = (proof["root"], proof["manifestHash"])
            if said != (clean.get("trainingRoot") or proof["root"], clean["manifestHash"]):
                raise CommandError("The receipt of the erasure names another root for this model.")
        named = True
    return named


def _ensure_named(receipts: Any, subject: str, named: str, key: str) -> None:
    """Raise CommandError where receipts of the person did not name this very key."""
    theirs = [
        receipt
        for receipt in (receipts if isinstance(receipts, list) else [receipts])
        if receipt.get("piiPrincipalId") == subject and "trainingKey" in receipt
    ]
    for receipt in theirs:
        try:
            verify(receipt, key)
        except SignatureInvalid as error:
            raise CommandError(f"A receipt is not valid. {error}") from error
    if not theirs:
        raise CommandError("None of these receipts is of whom the edges are of, or it names no key.")
    if any(receipt["trainingKey"] != named for receipt in theirs):
        raise CommandError("The edges are under another key than the one that the receipts named.")


def _heads(path: Path | None) -> dict[int, dict[str, Any]]:
    beside = Path(settings.LEDGER_HEADS)
    if path is None and not beside.exists():
        return {}
    try:
        return {head["number"]: head for head in heads_read(path or beside)}
    except (OSError, ValueError) as error:
        raise CommandError(f"The heads cannot be read: {error}") from error


def _anchored(receipt: dict[str, Any], heads: dict[int, dict[str, Any]], key: str, number: int) -> str:
    """How the receipt stands with the head of the ledger it names. Raises CommandError where that is another one."""
    ledger = receipt.get("ledger")
    if not isinstance(ledger, dict) or not isinstance(named := ledger.get("head"), dict):
        return (
            "named by no head of the ledger yet"
            if isinstance(ledger, dict)
            else "about no line of the ledger"
        )
    if (head := heads.get(named["number"])) is None:
        return "under a head of the ledger that is not known here"
    try:
        verify(head, key)
    except SignatureInvalid as error:
        raise CommandError(
            f"Receipt {number} names head {named['number']}, which is not valid here. {error}"
        ) from error
    if head_hash(head) != named["hash"] or head["position"] < ledger["position"]:
        raise CommandError(f"Receipt {number} names another head {named['number']} than the one known here.")
    return "under a head of the ledger that is known here"
