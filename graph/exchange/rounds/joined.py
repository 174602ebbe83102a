"""The rounds whose sums are learned from, among all that is."""

from __future__ import annotations

from collections.abc import Collection

from graph.elsewhere.document import manifest_of
from graph.models import Bundle

PREFIX = "round:"  # in the place of a signer: the sums are of several


def participants(bundle: Bundle) -> frozenset[str]:
    """Whose sums it holds: public keys."""
    if not bundle.signer.startswith(PREFIX):
        return frozenset({bundle.signer})
    return frozenset(manifest_of(bytes(bundle.body))["servers"])


def bundles_of_any(signers: Collection[str]) -> list[Bundle]:
    """The joined sums in which one of these has a part."""
    return [
        bundle
        for bundle in Bundle.objects.filter(kind=Bundle.Kind.SUMS).order_by("pk")
        if participants(bundle) & frozenset(signers)
    ]
