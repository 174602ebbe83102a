import numpy as np

from graph.bench.tally import MAIN, Tally


def test_splits_are_pooled_and_a_peer_is_named_once():
    tally = Tally()
    for ours, theirs in ((0.5, 0.25), (0.3, 0.2)):
        tally.add("earshot", {MAIN: np.full(4, ours), "mrr": np.full(4, ours / 2)}, 2.0)
        tally.add("als", {MAIN: np.full(4, theirs), "mrr": np.zeros(4)}, 1.0)
    rows = tally.rows()
    assert list(rows) == ["earshot", "als"]
    assert rows["earshot"]["mean"] == 0.4
    assert rows["earshot"]["also"] == {"mrr": 0.2}
    assert rows["als"]["viewers"] == 8
    assert [ratio["to"] for ratio in tally.ratios(("als", "als", "earshot"))] == ["als", "earshot"]
    assert tally.ratio("als")["by_seed"] == [2.0, 0.3 / 0.2]
    assert tally.best(("als", "unknown")) == "als"
