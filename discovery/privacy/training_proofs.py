"""What a model may have learned from a person, told to them, and proofs of what is in it and what is not.

A person's edges and key come from here to them alone, signed. A proof asks for leaves only: whoever was erased can ask
for one without saying who they are, and without anybody keeping what they played.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.edge_proofs import commitment, leaf_of, leaf_write
from accounts.models import User
from accounts.services.training_key import training_key
from accounts.signatures import signed
from discovery.platform import clock
from discovery.platform.errors import LimitExceeded, NotFound
from graph.models import ModelVersion
from graph.serving.active_model import active_version
from graph.training.training_edges import EdgesUnknown, edges_told, tree_of_model

MOST_LEAVES = 3_000  # asked about at a time: a body of 64 KB


def training_edges(user: User) -> dict[str, Any]:
    """Every edge that ``user`` could have given a model, with the key it is hashed under (a signed document)."""
    key = training_key(user.pk)
    edges, active = sorted(edges_told(user)), active_version()
    document = {
        "type": "TrainingEdges",
        "model": None if active is None else str(active.pk),  # that serves now: for whoever asks for a proof
        "subject": str(user.pseudonym),
        "key": key.hex(),
        "trainingKey": commitment(key),
        "edges": [list(edge) for edge in edges],
        "leaves": [leaf_write(leaf_of(key, edge)) for edge in edges],
    }
    return signed(document, settings.SIGNING_KEY)


def training_proof(version: ModelVersion, leaves: Collection[int]) -> dict[str, Any]:
    """Of each leaf whether ``version`` learned from it, provable offline (a signed document).

    Raises:
        NotFound: the model's files are gone, or say nothing of what it learned from.
        LimitExceeded: more than ``MOST_LEAVES``.

    """
    if len(leaves) > MOST_LEAVES:
        raise LimitExceeded(
            _("At most %(most)d leaves can be asked about at a time.") % {"most": MOST_LEAVES}
        )
    try:
        tree = tree_of_model(version)
    except EdgesUnknown as error:
        raise NotFound(_("This model says nothing of what it learned from any more.")) from error
    document = {
        "type": "TrainingProof",
        "model": str(version.pk),
        "manifestHash": version.manifest_hash,
        "ledgerPosition": version.ledger_position,
        "madeAt": clock.now().isoformat(),
        "root": tree.root,
        "leaves": [leaf_write(leaf) for leaf in leaves],
        **tree.proof(leaves),
    }
    return signed(document, settings.SIGNING_KEY)
