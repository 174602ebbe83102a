"""Whom one training leaves out: a few contributors, drawn in secret and anew for every snapshot.

Two models that follow one another would otherwise differ by what one person who left in between had played, and
whoever compares them would read it. So they differ by what hundreds of people played. The draw depends on the
snapshot and on this installation's key alone: the same snapshot makes the same model.
"""

from __future__ import annotations

import hashlib

import numpy as np
from django.conf import settings

from graph.snapshot import GraphSnapshot

LEFT_OUT = 0.1  # of the contributors
FEWEST = 100  # contributors from whom on anybody is left out: among fewer, each is needed


def drawn(taken: GraphSnapshot) -> GraphSnapshot:
    """``taken`` without the people whom this training leaves out."""
    people = len(taken.users)
    if people < FEWEST:
        return taken
    return taken.without(np.random.default_rng(drawn_seed(taken)).random(people) < LEFT_OUT)


def drawn_seed(taken: GraphSnapshot) -> int:
    """From what a training begins, another one for every snapshot: what is learned by chance differs, too."""
    secret = settings.SIGNING_KEY.encode()[:64]
    digest = hashlib.blake2b(taken.content_hash.encode(), key=secret, digest_size=4).digest()
    return int.from_bytes(digest) >> 1  # what PyTorch and numpy both take
