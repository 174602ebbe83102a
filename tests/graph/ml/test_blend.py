from dataclasses import replace

import numpy as np
import pytest

from graph.ml import blend as learning
from graph.ml.blend import learn_blend
from graph.ml.data import artist_view
from graph.ml.evaluate import evidence_of
from graph.ml.sources import fit_sources
from graph.ml.split import held_out, split_snapshot
from graph.ml.train import assemble_view
from graph.serving.artifact import Artifact
from tests.graph.ml.worlds import clusters


@pytest.fixture(scope="module")
def asked():
    split = split_snapshot(clusters(users=260), seed=1)
    view = artist_view(split.train)
    return view, held_out(view, split)


def index_of(view, config):
    arrays, described = assemble_view(view, fit_sources(view, config, lambda *_: None), config.blend)
    named = {f"artist.{name}": array for name, array in arrays.items()}
    return Artifact.assemble({"views": {"ARTIST": described}}, named).index("ARTIST")


def test_a_weight_that_harms_is_moved_and_what_is_found_grows(asked, small_config):
    view, held = asked
    loud = replace(small_config, blend=replace(small_config.blend, popularity=20.0))
    index = index_of(view, loud)
    learned = learn_blend(view, held, index, loud.blend)
    assert learned.popularity == 0.25 * 20.0
    users = np.flatnonzero(np.diff(held.indptr))
    parts = learning._parts(view, index, users, loud.blend)
    quality = learning._quality(view.plays[users], held[users], parts)
    assert quality({n: getattr(learned, n) for n in parts}) > quality(
        {n: getattr(loud.blend, n) for n in parts}
    )


def test_the_parts_add_up_to_what_serving_scores(asked, small_config):
    view, _held = asked
    blend = replace(small_config.blend, friend_gain=1e-5)  # friends lift their own items alone
    index, users = index_of(view, replace(small_config, blend=blend)), np.array([3, 17])
    parts = learning._parts(view, index, users, blend)
    total = sum(np.float32(getattr(blend, name)) * part for name, part in parts.items())
    served = index.scores_batch([evidence_of(view, int(user)) for user in users])
    assert total == pytest.approx(served, abs=1e-3)


def test_too_few_listeners_teach_nothing(small_config):
    split = split_snapshot(clusters(users=60), seed=1)
    view = artist_view(split.train)
    index = index_of(view, small_config)
    assert learn_blend(view, held_out(view, split), index, small_config.blend) is small_config.blend
