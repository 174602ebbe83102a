"""Fake accounts that push an item: near copies of one another count as one, and where they did not it would be in many lists."""

import numpy as np
import pytest

from graph.bench import poisoning
from graph.bench.poisoning import STRATEGIES, attacked, honest_looking
from graph.ml import data
from graph.ml.config import BlendConfig, ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.data import artist_view
from tests.graph.ml.worlds import snapshot_of

PEOPLE, ARTISTS, ACCOUNTS = 240, 160, 12
CONFIG = RecommenderConfig(
    memory=ItemItemConfig(dims=24, ridge=5.0), network=NetworkConfig(dims=8, epochs=1),
    blend=BlendConfig(learned=False, network=0.0),
)  # fmt: skip


@pytest.fixture(scope="module")
def community():
    """Four tastes; the low artists of each are popular, the last twenty hardly played."""
    rng = np.random.default_rng(4)
    same = np.arange(PEOPLE)[:, None] % 4 == np.arange(ARTISTS)[None, :] % 4
    often = np.where(same, 0.9, 0.25) * 0.985 ** np.arange(ARTISTS)
    often[:, -20:] = 0.03
    return snapshot_of((rng.random((PEOPLE, ARTISTS)) < often) * rng.integers(1, 60, (PEOPLE, ARTISTS)))


def held_more(community, strategy):
    """The share of lists that hold the target, more than before."""
    people, target = np.arange(PEOPLE), ARTISTS - 4
    before, after = (
        poisoning.lists(snapshot, people, CONFIG, CONFIG.blend)
        for snapshot in (
            community,
            attacked(community, strategy, target, seed=1, share=ACCOUNTS / PEOPLE),
        )
    )
    return float((after == target).any(axis=1).mean() - (before == target).any(axis=1).mean())


def test_copies_push_nothing_and_would_if_each_of_them_counted(community, monkeypatch):
    assert held_more(community, "popular filler") <= 0.005
    monkeypatch.setattr(data, "distinctness", lambda plays, _hands: np.ones(plays.shape[0], dtype=np.float32))
    assert held_more(community, "popular filler") > 0.05


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_attack_adds_accounts_that_all_play_the_target_and_changes_nobody_else(community, strategy):
    target = ARTISTS - 4
    before, after = (
        artist_view(snapshot).plays
        for snapshot in (
            community,
            attacked(community, strategy, target, seed=1, share=ACCOUNTS / PEOPLE),
        )
    )
    assert after.shape[0] == PEOPLE + ACCOUNTS
    assert (after[:PEOPLE] != before).nnz == 0
    assert (after[PEOPLE:, [target]].toarray() > 1).all()
    assert (np.diff(after[PEOPLE:].indptr) > 10).all()


def test_honest_looking_accounts_push_nothing(community):
    plays = artist_view(honest_looking(community, seed=1, share=ACCOUNTS / PEOPLE)).plays
    assert plays.shape[0] == PEOPLE + ACCOUNTS
    assert (plays[PEOPLE:] > 0).mean(axis=0).max() < 1
