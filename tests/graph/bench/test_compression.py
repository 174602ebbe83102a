"""Smaller models: what rounding and pruning keep, exactly."""

from dataclasses import replace

import numpy as np
import pytest

from graph.bench import compression
from graph.ml.item_item import Block
from graph.ml.prune import pruned
from graph.ml.rounding import pack, quantize, round_vectors
from graph.ml.train import fit
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel


def test_each_row_and_source_is_rounded_in_127_steps_of_its_largest():
    table = np.array([[1.27, -0.5, 254.0], [0.0, 0.0, -1.0]], dtype=np.float32)
    codes, steps = quantize(table, [2, 1])
    assert codes.tolist() == [[127, -50, 127], [0, 0, -127]]
    assert steps[0].tolist() == pytest.approx([0.01, 2.0])
    assert steps[1].tolist() == pytest.approx([1.0, 1 / 127])


def test_packed_scales_keep_three_digits_and_an_empty_source_its_zeros():
    scale = np.array([[3e-7, 0.0], [1e-8, 0.0]], dtype=np.float32)
    packed, unit = pack(scale)
    assert packed.dtype == np.float16
    assert (packed * unit)[:, 0] == pytest.approx(scale[:, 0], rel=1e-3)
    assert (packed * unit)[:, 1].tolist() == [0.0, 0.0]
    assert pack(np.zeros((0, 2), np.float32))[1].tolist() == [1.0, 1.0]


def test_a_rounded_view_is_a_quarter_and_serves_nearly_the_same_vectors(fitted):
    arrays = {
        name.removeprefix("track."): a for name, a in fitted.arrays.items() if name.startswith("track.")
    }
    assert arrays["codes"].dtype == np.int8
    exact = {**arrays}
    for kind in ("key", "query"):
        exact[f"{kind}_scale"] = arrays[f"{kind}_scale"].astype(np.float32) * arrays.pop(f"{kind}_unit")
        exact.pop(f"{kind}_unit")
    rng = np.random.default_rng(0)
    exact["codes"] = rng.normal(size=arrays["codes"].shape).astype(np.float32)
    exact["tag_keys"], exact["artist_keys"] = (
        rng.normal(size=arrays[f"{kind}_keys"].shape).astype(np.float32) for kind in ("tag", "artist")
    )
    for kind in ("tag", "artist"):
        exact.pop(f"{kind}_scale"), exact.pop(f"{kind}_unit")
    view = fitted.description["views"]["TRACK"]
    widths = [source["stop"] - source["start"] for source in view["sources"]]
    indexes = [
        Artifact.assemble({"views": {"TRACK": view}}, {f"track.{n}": a for n, a in arrays.items()}).index(
            "TRACK"
        )
        for arrays in (exact, round_vectors(exact, widths))
    ]
    for name in ("keys", "queries"):
        true, small = (getattr(index, name) for index in indexes)
        assert np.abs(small - true).max() < 0.01 * np.abs(true).max()
        assert np.abs(small - true).max() > 0


def test_scales_of_the_first_format_are_read_as_they_stand(fitted):
    old = dict(fitted.arrays)
    for name in [name for name in old if name.endswith("_unit")]:
        scale = name.replace("_unit", "_scale")
        old[scale] = old[scale].astype(np.float32) * old.pop(name)
    before = Artifact.assemble(fitted.description, old).index("ARTIST")
    assert np.array_equal(before.queries, fitted.artifact().index("ARTIST").queries)


def test_pruning_to_the_rank_of_the_scores_loses_nothing_and_below_it_the_least():
    rng = np.random.default_rng(0)
    codes = (rng.normal(size=(50, 4)) * [8, 4, 2, 1]) @ rng.normal(size=(4, 12))
    block = Block(
        name="given", codes=codes.astype(np.float32), key_scale=np.ones(50), query_scale=np.ones(50)
    )
    true = block.keys @ block.queries.T
    errors = [np.linalg.norm(true - (few := pruned(block, dims)).keys @ few.queries.T) for dims in (4, 3, 2)]
    values = np.linalg.svd(true, compute_uv=False)
    assert errors[0] == pytest.approx(0, abs=1e-3 * values[0])
    assert errors[1:] == pytest.approx([values[3], np.hypot(values[2], values[3])], rel=1e-3)
    assert pruned(block, None) is pruned(block, 12) is block


def test_a_model_trains_with_as_many_columns_as_asked_for(world, small_config):
    config = replace(
        small_config,
        memory=replace(small_config.memory, keep_dims=8),
        network=replace(small_config.network, keep_dims=5),
    )
    fitted = fit(world, config)
    assert fitted.description["views"]["TRACK"]["sources"] == [
        {"name": "memory", "start": 0, "stop": 8},
        {"name": "network", "start": 8, "stop": 13},
    ]
    weights = fitted.artifact().index("TRACK").rules[Channel.OWN].weights
    assert len(weights) == 2


def test_overlap_ignores_order():
    left, right = np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), np.array([[4, 3, 2, 1], [1, 9, 8, 7]])
    assert compression.overlap(left, right).tolist() == [1.0, 0.25]


def test_compression_is_measured_on_the_test_split_and_prunes_within_its_tolerance(world, small_config):
    measured = compression.measure_compression(world, small_config)
    table = measured["pruning"]["validation"]
    assert [sum(row["dims"].values()) for row in table] == sorted(
        {sum(row["dims"].values()) for row in table}, reverse=True
    )
    assert min(row["ndcg"] for row in table) >= table[0]["ndcg"] * (1 - compression.TOLERANCE)
    assert measured["pruning"]["test"][1]["dims"] == table[-1]["dims"]
    # The same scores, asked for other sets of listeners: items of which nothing is known tie, and ties fall at random.
    assert measured["pruning"]["test"][0]["ndcg"] == pytest.approx(measured["int8"]["int8_ndcg"], rel=0.005)
    assert measured["int8"]["int8_bytes"] < measured["int8"]["float32_bytes"]
    assert 0.9 < measured["int8"]["overlap"] <= 1
