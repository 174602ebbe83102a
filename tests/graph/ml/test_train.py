from dataclasses import replace

import numpy as np
import pytest

from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.evaluate import evaluate
from graph.ml.export import write_artifact
from graph.ml.split import split_snapshot
from graph.ml.train import fit
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, Evidence
from graph.training.promotion import promotion_refusal
from tests.graph.ml.worlds import checkerboard, snapshot_of


def own(index, ids, amount=5.0):
    return Evidence(
        key_row=index.rows(np.asarray(ids)),
        amount=np.full(len(ids), amount, dtype=np.float32),
        channel=np.full(len(ids), Channel.OWN, dtype=np.int8),
    )


@pytest.mark.parametrize("source", ["memory", "network", "both"])
def test_the_withheld_cell_of_a_checkerboard_ranks_first(source, small_config):
    plays = checkerboard()
    withheld = 6
    plays[0, withheld] = 0
    blend = replace(
        small_config.blend,
        memory=float(source != "network"),
        network=float(source != "memory"),
    )
    index = fit(snapshot_of(plays), replace(small_config, blend=blend)).artifact().index("ARTIST")
    played = np.flatnonzero(plays[0])
    scores = index.scores(own(index, index.ids[played]))
    scores[played] = -np.inf
    assert scores.argmax() == withheld


def test_one_seed_gives_the_same_bytes_and_another_seed_others(world, small_config, fitted, tmp_path):
    hashes = []
    for name, model in (
        ("a", fitted),
        ("b", fit(world, small_config)),
        ("c", fit(world, replace(small_config, seed=8))),
    ):
        (tmp_path / name).mkdir()
        hashes.append(write_artifact(model, tmp_path / name, {}))
    assert hashes[0] == hashes[1] != hashes[2]


def test_config_round_trips_through_json_and_refuses_unknown_names():
    config = RecommenderConfig(seed=3, memory=ItemItemConfig(dims=5), network=NetworkConfig(epochs=2))
    assert RecommenderConfig.from_json(config.to_json()) == config
    with pytest.raises(TypeError):
        RecommenderConfig.from_dict({"speed": 3})


def test_a_learned_model_is_promoted_and_a_random_one_is_refused(world, small_config):
    sizes = {"data": {"users": len(world.users)}}
    learned = {**evaluate(world, small_config).to_dict(), **sizes}
    assert promotion_refusal(learned, None) == ""
    nothing = replace(small_config, untrained=True, blend=replace(small_config.blend, popularity=0.0))
    random = {**evaluate(world, nothing).to_dict(), **sizes}
    refused = promotion_refusal(random, None)
    assert refused.count("of the most popular items") == 2
    assert "ARTIST" in refused
    assert "TRACK" in refused


def test_progress_rises_to_one(world, small_config):
    seen = []
    fit(world, small_config, progress=lambda fraction, message: seen.append((fraction, message)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(message for _, message in seen)


def test_the_artifact_carries_what_it_was_made_from(fitted, world, tmp_path):
    write_artifact(fitted, tmp_path, {"metrics": {"ndcg": 0.5}})
    manifest = Artifact.load(tmp_path).manifest
    assert manifest["snapshot_hash"] == world.content_hash
    assert manifest["ledger_position"] == 3
    assert manifest["metrics"] == {"ndcg": 0.5}
    assert RecommenderConfig.from_dict(manifest["config"]) == fitted.config
    assert [s["name"] for s in manifest["views"]["ARTIST"]["sources"]] == ["memory", "network"]


def test_no_held_out_edge_and_no_tag_on_it_is_left_in_training():
    rng = np.random.default_rng(0)
    plays = (rng.random((30, 12)) < 0.6) * 3.0
    tracks = np.arange(24) % 12
    track_plays = plays[:, tracks] * (rng.random((30, 24)) < 0.8)
    tags = [(int(user), int(item), 0) for user, item in zip(*np.nonzero(plays), strict=True)]
    friends = [(a, b) for a in range(30) for b in range(a + 1, 30) if rng.random() < 0.3]
    whole = snapshot_of(plays, track_plays=track_plays, track_artist=tracks, tags=tags, friendships=friends)
    split = split_snapshot(whole, seed=1)
    train = split.train

    def pairs(edges):
        return set(zip(edges.user.tolist(), edges.item.tolist(), strict=True))

    held_artists = set(map(tuple, split.artists.tolist()))
    held_tracks = set(map(tuple, split.tracks.tolist()))
    held_friends = set(map(tuple, split.friendships.tolist()))
    assert held_artists
    assert held_tracks
    assert held_friends
    assert held_artists.isdisjoint(pairs(train.artist_plays))
    assert held_artists.isdisjoint(pairs(train.artist_tags))
    assert held_tracks.isdisjoint(pairs(train.track_plays))
    assert held_artists.isdisjoint((user, int(tracks[item])) for user, item in pairs(train.track_plays))
    assert held_friends.isdisjoint(map(tuple, train.friendships.tolist()))
    assert len(train.friendships) + len(split.friendships) == len(friends)
    counts = np.bincount(whole.artist_plays.user)
    assert np.bincount(split.artists[:, 0], minlength=30).tolist() == np.round(counts * 0.2).tolist()


def test_catalog_tags_stay_when_a_listener_s_own_go():
    plays = np.ones((1, 5))
    whole = snapshot_of(plays, tags=[(-1, item, 0) for item in range(5)])
    assert len(split_snapshot(whole, seed=0).train.artist_tags.user) == 5


def test_no_array_has_a_row_for_each_person(world, fitted):
    """The number of people is the length of no axis, and no array is of people by name."""
    assert len(world.users) not in {size for array in fitted.arrays.values() for size in array.shape}
    assert {name.partition(".")[0] for name in fitted.arrays} <= {"artist", "track", "pairs"}
    assert fitted.artifact().pair_score is not None
