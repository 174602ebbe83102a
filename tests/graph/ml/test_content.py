from dataclasses import replace

import numpy as np
import pytest

from graph.ml.config import ContentConfig
from graph.ml.content import impute
from graph.ml.data import artist_view
from tests.graph.ml.worlds import snapshot_of

ITEMS = 60


def world(tags):
    """Items below 40 are played, each by ten people who play nine others; even ones are called 0 and odd ones 1."""
    plays = np.zeros((40, ITEMS))
    for person in range(40):
        plays[person, 10 * (person // 10) : 10 * (person // 10 + 1)] = 3.0
    return artist_view(snapshot_of(plays, tags=tags))


def named(item):
    return (-1, item, item % 2)


CODES = np.eye(2, dtype=np.float32)[np.arange(ITEMS) % 2]


def imputed_of(view, config):
    return impute(view, CODES, view.listeners, config)


def test_an_unplayed_item_gets_the_vector_of_those_called_the_same():
    imputed = imputed_of(world([named(item) for item in range(50)]), ContentConfig())
    assert imputed.rows.tolist() == list(range(40, 50))
    assert imputed.codes == pytest.approx(CODES[40:50], abs=0.01)
    assert np.linalg.norm(imputed.codes, axis=1) == pytest.approx(1.0)


def test_more_tags_make_it_louder_and_none_leave_it_out():
    tags = [named(item) for item in range(50)] + [(-1, 41, 0)]
    imputed = imputed_of(world(tags), ContentConfig(gain=0.5))
    loud = dict(zip(imputed.rows.tolist(), imputed.size.tolist(), strict=True))
    assert loud[43] == pytest.approx(0.5)
    assert loud[41] == pytest.approx(0.5 * np.log1p(2) / np.log1p(1))
    assert 55 not in loud


def test_nothing_is_guessed_from_too_few_played_items():
    view = world([named(item) for item in (0, 1, 2, 45)])
    assert not len(imputed_of(view, ContentConfig()).rows)
    assert not len(imputed_of(replace(view, tags=view.tags * 0), ContentConfig()).rows)
