"""Proof that erasing unlearns: can it be told from the model who was in it, before and after?

Planted listeners and controls draw their plays alike, at random among what enough people play: of anything else
nothing is learned, and a model that learns nothing proves nothing. Only the planted contribute. Whoever a model learned from, it finds their left-out plays more fitting than a stranger's;
the AUC of that attack is what is measured. The erasure is the real one, and so are snapshot and fit;
all of it happens in one transaction that is rolled back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from accounts.intake import observable, observed_keep
from accounts.models import Purpose, User
from accounts.services.consent import consents_grant_many
from discovery.embedded.redis import redis_there
from discovery.privacy.erasure import erasure_advance, erasure_request
from graph import snapshot
from graph.arrays import Ids
from graph.models import ArtistPlayCount, ItemKind
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.training.drawn import drawn

Told = Callable[[str], None]
CONTROLS_EACH = 10  # controls for each planted listener: the more, the less the AUC owes to chance
PLAYS_EACH = 50  # how often a planted listener played each of their artists


@dataclass(frozen=True)
class Membership:
    """AUC of telling the planted from the controls; 0.5 is guessing."""

    before: float
    after: float
    edges_left: int  # plays of the erased in the second snapshot


def erasure_membership(*, planted: int, items: int, seed: int, tell: Told) -> Membership:
    """Plant, train, attack, erase, train, attack; leave the database as it was."""
    random = np.random.default_rng(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_there(settings.REDIS_URL) as url,  # an erasure needs one
        override_settings(
            ARTIFACT_DIR=folder,
            ARTIFACT_STORE="",
            EXPORT_DIR=folder,
            ERASURES=f"{folder}/erasures",
            WITHDRAWALS=f"{folder}/withdrawals",
            REDIS_URL=url,
        ),
        transaction.atomic(),
    ):
        try:
            return _measured(random, planted, items, tell)
        finally:
            transaction.set_rollback(True)


def _measured(random: np.random.Generator, planted: int, items: int, tell: Told) -> Membership:
    artists = _learned()
    sets = [
        random.choice(artists, size=min(items, len(artists)), replace=False)
        for _ in range((1 + CONTROLS_EACH) * planted)
    ]
    members, controls = sets[:planted], sets[planted:]
    people = _plant(members)
    tell(f"{planted} listeners planted; training with them")
    before = _auc(members, controls)
    for person in people:
        erasure_advance(erasure_id=str(erasure_request(user=person, confirm=person.username).pk))
    tell("erased; training without them")
    left = np.isin(snapshot.take().users, [person.pk for person in people]).sum()
    return Membership(before, _auc(members, controls), int(left))


def _learned() -> Ids:
    """Artists that a model learns of now."""
    from graph.ml.data import artist_view

    view = artist_view(snapshot.take())
    return view.ids[view.listeners > 0]


def _plant(sets: Sequence[Ids]) -> list[User]:
    mark = f"canary-{timezone.now():%H%M%S%f}"
    people = User.objects.bulk_create([User(username=f"{mark}-{number}") for number in range(len(sets))])
    consents_grant_many(users=people, purposes=[Purpose.RECORD, Purpose.CONTRIBUTE], channel="canary")
    counts = [
        ArtistPlayCount(user=person, artist_id=artist, count=PLAYS_EACH, source="canary")
        for person, chosen in zip(people, sets, strict=True)
        for artist in chosen.tolist()
    ]
    observed_keep(counts, people=observable([person.pk for person in people]))
    return people


def _auc(members: Sequence[Ids], controls: Sequence[Ids]) -> float:
    from graph.ml.config import RecommenderConfig  # torch stays out of whoever only imports this
    from graph.ml.train import fit

    fitted = fit(drawn(snapshot.take()), RecommenderConfig())
    index = fitted.artifact().index(ItemKind.ARTIST.value)
    if index is None:
        raise RuntimeError("the model has no artists")
    inside, outside = ([_fit_of(index, chosen) for chosen in sets] for sets in (members, controls))
    wins = np.sign(np.subtract.outer(inside, outside))
    return float((wins.mean() + 1) / 2)


def _fit_of(index: ItemIndex, chosen: Ids) -> float:
    """How well each of these items fits the others: its score among all items, in standard deviations, on average."""
    rows = index.key_rows("item", chosen)
    fits = []
    for place in range(len(rows)):
        rest = np.delete(rows, place)
        evidence = Evidence(
            key_row=rest,
            amount=np.full(len(rest), PLAYS_EACH, np.float32),
            channel=np.full(len(rest), Channel.OWN, np.int8),
        )
        scores = index.scores(evidence) - index.prior
        fits.append((scores[rows[place]] - scores.mean()) / (scores.std() or 1.0))
    return float(np.mean(fits))
