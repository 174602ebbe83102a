"""Words and seeds of a request, with a model that learned what its three groups of tracks are called."""

from dataclasses import replace

import numpy as np
import pytest

from accounts.models import PersonalizationLevel, Purpose
from accounts.presentation import Ref
from discovery.recommend import evidence as gathering
from discovery.recommend import feed, ranking
from discovery.recommend.explain import ReasonKind
from discovery.recommend.prompt import Word, begun_from, spoken, words_said
from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.ml.train import fit
from graph.models import ArtistPlayCount, ItemKind, Standing
from graph.packed_names import PackedNames
from tests import factories
from tests.graph.ml.worlds import clusters

pytestmark = pytest.mark.django_db

NAMES = ("shoegaze", "gangsta rap", "baroque")


@pytest.fixture(scope="module")
def trained():
    config = RecommenderConfig(
        memory=ItemItemConfig(dims=24, ridge=2.0), network=NetworkConfig(dims=16, epochs=4, batch_users=32)
    )
    return fit(replace(clusters(), tag_names=PackedNames.of(NAMES)), config).artifact().index("ARTIST")


@pytest.fixture
def index(trained, serve):
    """The trained model, of artists that exist."""
    artists = sorted(factories.artist(standing=Standing.CATALOG).pk for _ in range(len(trained)))
    trained.ids = np.array(artists, dtype=np.int64)
    serve(ItemKind.ARTIST, trained)
    return trained


def asked(viewer, **request):
    return feed.for_you(viewer, ItemKind.ARTIST, **request).answer


def groups(answer, index):
    return {int(np.flatnonzero(index.ids == shown.item.pk)[0]) % 3 for shown in answer.items}


def test_words_choose_the_reasons_name_them_and_everything_adds_up(index):
    ada = factories.listener("ada", level=PersonalizationLevel.BASIC)
    answer = asked(ada, words="some shoegaze, please xyzzyq", count=8)
    assert groups(answer, index) == {0}
    assert "xyzzyq" in answer.not_understood
    for shown in answer.items:
        assert shown.reasons[0].cited.kind is ReasonKind.WORD
        assert "shoegaze" in shown.reasons[0].text
        assert sum(reason.cited.contribution for reason in shown.reasons) + shown.remainder == pytest.approx(
            shown.score, abs=1e-4
        )


def test_level_off_hears_no_word_and_takes_no_seed(index):
    ada = factories.listener("ada", level=PersonalizationLevel.OFF)
    seed = Ref("Artist", int(index.ids[1]))
    plain, said = asked(ada), asked(ada, words="shoegaze", seeds=[seed])
    assert [shown.item for shown in said.items] == [shown.item for shown in plain.items]
    assert said.not_understood == ()
    ada.level = PersonalizationLevel.BASIC
    ada.save()
    assert groups(asked(ada, seeds=[seed], count=8), index) == {1}


def test_a_word_struck_out_takes_exactly_its_own_term_along(index):
    ada = factories.listener("ada", level=PersonalizationLevel.BASIC)
    permitted = gathering.gather(ada, ItemKind.ARTIST)
    words = [
        Word("shoegaze"),
        Word("gangsta rap", amount=-1.0),
        Word("evening", axis=(0.5, -0.5)),
        Word("baroque"),
    ]
    everything = ranking.rank(index, spoken(permitted, words), count=20)
    for struck, word in enumerate(words):
        rest = spoken(permitted, [other for other in words if other is not word])
        scores = ranking.rank(index, rest, count=60, among=everything.ids.tolist())
        by_id = dict(zip(scores.ids.tolist(), scores.scores.tolist(), strict=True))
        for column, item in enumerate(everything.ids.tolist()):
            lost = everything.scores[column] - everything.contributions[struck, column]
            assert by_id[item] == pytest.approx(lost, abs=1e-4)


def test_a_word_that_is_not_wanted_lowers_what_is_called_so_and_the_reason_says_so(index):
    ada = factories.listener("ada", level=PersonalizationLevel.BASIC)
    permitted = spoken(gathering.gather(ada, ItemKind.ARTIST), [Word("baroque", amount=-1.0)])
    ranked = ranking.rank(index, permitted, count=60, with_prior=False)
    last = [int(np.flatnonzero(index.ids == item)[0]) % 3 for item in ranked.ids[-15:].tolist()]
    assert set(last) == {2}


def test_what_is_left_out_of_taste_is_no_seed(index):
    ada = factories.listener("ada", level=PersonalizationLevel.BASIC)
    permitted = gathering.gather(ada, ItemKind.ARTIST)
    hidden = 10**9
    assert len(begun_from(ada, permitted, [Ref("Artist", hidden)])) == 0
    assert len(begun_from(ada, permitted, [Ref("Artist", int(index.ids[0]))])) == 1


def test_phrases_are_taken_whole_and_words_that_say_nothing_are_left_out(index):
    said, unknown = words_said("the Gangsta Rap for me", index)
    assert [word.text for word in said] == ["gangsta rap"]
    assert unknown == []


def test_what_is_said_twice_counts_once_and_what_is_too_much_is_told(index, monkeypatch):
    assert words_said("baroque shoegaze baroque", index) == words_said("baroque shoegaze", index)
    monkeypatch.setattr("discovery.recommend.prompt.MOST_WORDS", 1)
    said, unknown = words_said("baroque xyzzyq shoegaze", index)
    assert [word.text for word in said] == ["baroque"]
    assert unknown == ["xyzzyq", "shoegaze"]


def test_a_seed_said_twice_counts_once(index):
    ada = factories.listener("ada", level=PersonalizationLevel.BASIC)
    permitted, seed = gathering.gather(ada, ItemKind.ARTIST), Ref("Artist", int(index.ids[0]))
    assert len(begun_from(ada, permitted, [seed, seed])) == 1


def test_words_go_before_what_somebody_usually_plays(index):
    ada = factories.listener("ada", level=PersonalizationLevel.OWN)
    factories.answered(ada, Purpose.RECORD, Purpose.SELF)
    for row in (1, 4, 7):
        ArtistPlayCount.objects.create(user=ada, artist_id=int(index.ids[row]), count=50)
    assert groups(asked(ada, words="baroque", count=6), index) == {2}
    assert 1 in groups(asked(ada, count=6), index)
