"""What an operator is told of listening: right, about nobody, and nothing is left of the plays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph.analytics import TooFewPeople, analyze
from graph.bench.generate import Size, generate


@pytest.fixture(scope="module")
def taken():
    return generate(Size(plays=20_000), seed=3)


@pytest.fixture(autouse=True)
def artifacts(settings, tmp_path):
    settings.ARTIFACT_DIR = str(tmp_path)
    return tmp_path


def of_first(taken, people):
    plays = taken.artist_plays
    kept = plays.user < people
    return replace(
        taken,
        artist_plays=replace(plays, user=plays.user[kept], item=plays.item[kept], count=plays.count[kept]),
    )


@pytest.mark.parametrize("kind", ["artist", "track"])
def test_it_tells_what_numpy_finds(taken, kind):
    told = analyze(taken, kind)
    plays, items = getattr(taken, f"{kind}_plays"), getattr(taken, f"{kind}s")
    reach = np.sort(np.bincount(plays.item))
    reach = reach[reach > 0]
    apart = np.abs(
        reach[:, None] - reach[None, :]
    ).mean()  # the mean difference: another way to the same number
    assert told["gini"] == pytest.approx(apart / (2 * reach.mean()), abs=0.0051)
    top = reach[-int(np.ceil(len(reach) / 100)) :].sum() / reach.sum()
    assert told["share_of_top_percent"] == pytest.approx(top, abs=0.0051)
    assert told["share_of_rare_items"] == pytest.approx(reach[reach < 10].sum() / reach.sum(), abs=0.0051)
    assert told["coverage"] == pytest.approx((reach >= 10).sum() / len(items), abs=0.0051)


def test_no_number_stands_on_fewer_people_than_the_floor(taken):
    told = analyze(of_first(taken, 37), "artist")
    groups = [row["listeners"] for row in told["activity"]]
    assert groups
    assert min(groups) >= 10
    assert all(count % 10 == 0 for count in [told["listeners"], *groups])
    said, plays = taken.artist_tags, of_first(taken, 37).artist_plays
    for row in told["tags"]:
        carriers = said.item[said.tag == row["tag"]]
        assert len(np.unique(plays.user[np.isin(plays.item, carriers)])) >= 10


def test_nine_people_are_too_few_and_no_file_is_left(taken, artifacts):
    with pytest.raises(TooFewPeople):
        analyze(of_first(taken, 9), "artist")
    assert list(Path(artifacts).iterdir()) == []
    analyze(of_first(taken, 10), "artist")
    assert list(Path(artifacts).iterdir()) == []
