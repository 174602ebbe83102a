"""Evidence written by hand, without a database."""

from collections.abc import Iterable

import numpy as np

from accounts.hearing import SocialSource
from accounts.models import PersonalizationLevel
from accounts.policies import Use
from discovery.recommend.evidence import KEY_ITEM, PermittedEvidence
from graph.models import ItemKind
from graph.serving.channels import Channel

Entry = tuple[Channel, int, float, int]  # channel, item id, amount, friend id (0: the viewer's own)


def permitted(
    entries: Iterable[Entry], *, named: Iterable[int] = (), known: Iterable[int] = ()
) -> PermittedEvidence:
    entries, named = list(entries), set(named)
    friends = {friend: SocialSource(friend, friend in named) for *_, friend in entries if friend}
    return PermittedEvidence(
        use=Use(PersonalizationLevel.SOCIAL, own=True, friends=True),
        kind=ItemKind.ARTIST,
        key_kind=np.full(len(entries), KEY_ITEM, np.int8),
        key_id=np.array([entry[1] for entry in entries], np.int64),
        amount=np.array([entry[2] for entry in entries], np.float32),
        channel=np.array([entry[0] for entry in entries], np.int8),
        friend=np.array([entry[3] for entry in entries], np.int64),
        friends=friends,
        known=frozenset(known),
    )
