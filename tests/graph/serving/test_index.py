import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.ml.export import write_artifact
from graph.ml.train import fit
from graph.serving.artifact import Artifact, ArtifactError
from graph.serving.channels import Channel, Evidence
from tests.graph.conftest import fitted, small_config, world  # noqa: F401 - the shared model
from tests.graph.ml.worlds import snapshot_of
from tests.graph.small_artifact import write_small_artifact

ROOT = Path(__file__).parents[3]


def evidence(entries):
    key, amount, channel = zip(*entries, strict=True) if entries else ((), (), ())
    return Evidence(
        key_row=np.array(key, dtype=np.int64),
        amount=np.array(amount, dtype=np.float32),
        channel=np.array(channel, dtype=np.int8),
    )


@pytest.fixture(scope="module")
def index(fitted):  # noqa: F811
    return fitted.artifact().index("TRACK")


ENTRIES = st.lists(
    st.tuples(st.integers(0, 119), st.floats(0.5, 1000, width=32), st.sampled_from(list(Channel))),
    max_size=30,
)


@settings(max_examples=50, deadline=None)
@given(entries=ENTRIES)
def test_contributions_and_prior_add_up_to_the_score(index, entries):
    given_evidence = evidence(entries)
    rows = np.arange(0, len(index), 7)
    parts = index.contributions(given_evidence, rows)
    assert parts.shape == (len(entries), len(rows))
    total = index.prior[rows] + parts.sum(axis=0)
    assert np.abs(total - index.scores(given_evidence)[rows]).max() < 1e-4


@settings(max_examples=25, deadline=None)
@given(batch=st.lists(ENTRIES, min_size=1, max_size=5))
def test_batch_and_single_scoring_agree(index, batch):
    many = [evidence(entries) for entries in batch]
    together = index.scores_batch(many)
    for row, one in zip(together, many, strict=True):
        assert np.abs(row - index.scores(one)).max() < 1e-4


def test_no_evidence_scores_the_prior(index):
    assert index.scores(evidence([])).tolist() == index.prior.tolist()


@pytest.mark.parametrize("row", [0, 17, 119])
def test_negative_evidence_lowers_the_item_and_its_neighbors(index, row):
    neighbors, lifts = index.similar(row, 5)
    assert row not in neighbors
    assert (lifts > 0).all()
    before = index.scores(evidence([(3, 10, Channel.OWN)]))
    after = index.scores(evidence([(3, 10, Channel.OWN), (row, 1, Channel.NEGATIVE)]))
    for lowered in (row, *neighbors):
        assert after[lowered] < before[lowered]


def test_a_friend_s_play_lifts_that_very_item(index):
    lift = index.contributions(evidence([(5, 10, Channel.FRIEND)]), np.array([5]))
    other = index.contributions(evidence([(5, 10, Channel.FRIEND)]), np.arange(6, 120))
    assert lift[0, 0] > other.max()


def test_tags_and_artists_are_evidence_for_tracks(index):
    tag = index.key_rows("tag", np.array([2]))
    artist = index.key_rows("artist", np.array([101]))
    assert (tag >= len(index)).all()
    assert (artist >= len(index)).all()
    carried = index.ids % 3 == (1000 + 1) % 3  # clusters() tags item i with tag i % 3; ids of tags start at 1
    scores = index.scores(evidence([(tag[0], 1, Channel.PROMPT_TAG)])) - index.prior
    assert scores[carried].mean() > scores[~carried].mean()
    scores = index.scores(evidence([(artist[0], 1, Channel.PICK)])) - index.prior
    assert set(np.argsort(-scores)[:2]) == {1, 61}


def test_unknown_ids_have_no_row(index):
    assert index.rows(np.array([5, 1000, 99999])).tolist() == [-1, 0, -1]
    assert index.key_rows("tag", np.array([77])).tolist() == [-1]
    assert index.key_rows("artist", np.array([-3])).tolist() == [-1]


def test_a_cold_item_is_a_candidate_through_its_tags(small_config):  # noqa: F811
    plays = np.zeros((30, 12))
    plays[:15, :5] = plays[15:, 5:10] = 4
    tags = [(-1, item, int(item >= 5)) for item in range(10)] + [(-1, 10, 0), (-1, 11, 1)]
    index = fit(snapshot_of(plays, tags=tags), small_config).artifact().index("ARTIST")
    scores = index.scores(evidence([(0, 4, Channel.OWN), (1, 4, Channel.OWN)]))
    assert index.step[10] == index.step[11] == -1
    assert scores[10] > scores[11]


def test_small_counts_leave_the_model_as_zero(small_config):  # noqa: F811
    plays = np.zeros((12, 3))
    plays[:10, 0] = plays[:9, 1] = plays[0, 2] = 1
    index = fit(snapshot_of(plays), small_config).artifact().index("ARTIST")
    assert index.step.tolist() == [0, -1, -1]
    assert index.prior[0] > index.prior[1] == index.prior[2]


@pytest.fixture
def directory(fitted, tmp_path):  # noqa: F811
    write_artifact(fitted, tmp_path, {})
    return tmp_path


def test_a_loaded_artifact_scores_as_the_fitted_one(directory, index):
    loaded = Artifact.load(directory).index("TRACK")
    asked = evidence([(3, 10, Channel.OWN), (4, 1, Channel.NEGATIVE)])
    assert loaded.scores(asked).tolist() == index.scores(asked).tolist()
    assert Artifact.load(directory).index("ALBUM") is None


def test_a_changed_tensor_file_is_refused(directory):
    tensors = directory / "model.safetensors"
    blob = bytearray(tensors.read_bytes())
    blob[-1] ^= 1
    tensors.write_bytes(bytes(blob))
    with pytest.raises(ArtifactError, match="checksum"):
        Artifact.load(directory)


def test_a_missing_file_and_another_format_are_refused(directory, tmp_path_factory):
    with pytest.raises(ArtifactError, match="cannot read"):
        Artifact.load(tmp_path_factory.mktemp("empty"))
    manifest = json.loads((directory / "manifest.json").read_text())
    (directory / "manifest.json").write_text(json.dumps({**manifest, "format_version": 99}))
    with pytest.raises(ArtifactError, match="format"):
        Artifact.load(directory)


def test_serving_needs_no_torch_and_no_django(directory):
    program = (
        "import sys, graph.serving.artifact; graph.serving.artifact.Artifact.load(sys.argv[1]).index('TRACK').keys;"
        "print([m for m in ('torch', 'django', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(directory)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_model_of_the_format_that_held_people_is_read_for_its_items_alone(tmp_path):
    write_small_artifact(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    old = {**manifest, "format_version": 2, "people": {"weights": {"degree": 1.0}, "columns": 1}}
    del old["pairs"]
    (tmp_path / "manifest.json").write_text(json.dumps(old))
    artifact = Artifact.load(tmp_path)
    assert artifact.index("ARTIST").ids.tolist() == [1, 2]
    assert artifact.pair_score is None
