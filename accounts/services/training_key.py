"""The key under which one person's plays and friendships are hashed for what a model says it learned from.

It comes from this installation's SIGNING_KEY and the account's number, so that it is kept nowhere, and is given to this
person alone; receipts name its commitment beforehand.
"""

import hashlib

from django.conf import settings

from accounts.edge_proofs import commitment


def training_key(user_id: int) -> bytes:
    """32 bytes for one account."""
    secret = hashlib.blake2b(settings.SIGNING_KEY.encode(), digest_size=32, person=b"training key").digest()
    return hashlib.blake2b(user_id.to_bytes(8), digest_size=32, key=secret).digest()


def training_commitment(user_id: int) -> str:
    """What the person's receipts say of the key before they are given it (hex)."""
    return commitment(training_key(user_id))
