"""What words mean in a small model whose three groups of artists are called by three words."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from graph.bench.words import hidden
from graph.ml.train import fit
from graph.ml.words import moods
from graph.packed_names import PackedNames
from graph.serving.channels import Channel, Evidence
from graph.words.sense import Known, Phrase, sense_of
from tests.graph.ml.worlds import clusters

NAMES = ("shoegaze", "gangsta rap", "baroque")


def worded(**changes):
    return replace(clusters(), tag_names=PackedNames.of(NAMES), **changes)


@pytest.fixture(scope="module")
def index(small_config):
    return fit(worded(), small_config).artifact().index("ARTIST")


def said(index, *phrases, amounts=None):
    number = len(phrases)
    return Evidence(
        key_row=len(index.keys) + np.arange(number),
        amount=np.array(amounts or [1.0] * number, np.float32),
        channel=np.full(number, Channel.WORD, np.int8),
        said=sense_of(index).spoken([Phrase(phrase) for phrase in phrases]),
    )


def best_group(index, phrase):
    """The group that most of the first ten items belong to, and how many do."""
    first = np.argsort(-(index.scores(said(index, phrase)) - index.prior))[:10]
    groups = np.bincount(first % 3, minlength=3)
    return int(groups.argmax()), int(groups.max())


@pytest.mark.parametrize(("group", "phrase"), list(enumerate(NAMES)))
def test_a_word_finds_what_is_called_so(index, group, phrase):
    assert best_group(index, phrase) == (group, 10)


@pytest.mark.parametrize(("phrase", "group"), [("dream pop", 0), ("hip hop", 1), ("harpsichord", 2)])
def test_a_word_that_nobody_used_finds_what_is_like_it(index, phrase, group):
    assert best_group(index, phrase)[0] == group


def test_a_word_that_means_nothing_adds_nothing_and_is_told(index):
    assert not (index.scores(said(index, "xyzzyq")) - index.prior).any()
    assert sense_of(index).known(Phrase("xyzzyq")) == Known(0.0, 0, None)


def test_an_artist_is_found_by_name(index):
    assert np.argmax(index.scores(said(index, "artist 7"))) == 7


def test_words_add_up_and_one_struck_out_takes_its_own_term_along(index):
    rows = np.arange(len(index))
    phrases, amounts = ("shoegaze", "baroque", "artist 7", "sad"), [1.0, -1.0, 0.5, 2.0]
    all_ = said(index, *phrases, amounts=amounts)
    terms = index.contributions(all_, rows)
    assert np.abs(index.prior + terms.sum(axis=0) - index.scores(all_)).max() < 1e-4
    assert np.abs(index.scores_of(all_, rows) - index.scores(all_)).max() < 1e-4
    assert np.abs(index.scores_batch([all_, all_])[1] - index.scores(all_)).max() < 1e-4
    for struck in range(len(phrases)):
        kept = [place for place in range(len(phrases)) if place != struck]
        rest = said(index, *(phrases[p] for p in kept), amounts=[amounts[p] for p in kept])
        assert np.abs(index.scores(all_) - index.scores(rest) - terms[struck]).max() < 1e-4


def test_names_that_only_some_may_see_are_no_words(small_config):
    graph = worded(artists_open=np.arange(60) != 7)
    index = fit(graph, small_config).artifact().index("ARTIST")
    assert np.argmax(index.scores(said(index, "artist 8"))) == 8
    assert sense_of(index).known(Phrase("artist 7")).items_called == 0


def test_a_model_without_names_knows_no_words(small_config):
    index = fit(replace(clusters(), tag_names=PackedNames.of(())), small_config).artifact().index("ARTIST")
    assert not (index.scores(said(index, "shoegaze")) - index.prior).any()
    assert index.moods is None


def test_hidden_words_stand_nowhere():
    graph = hidden(
        replace(worded(), artist_names=PackedNames.of(["Old Shoegaze Band", *["x"] * 59])), ["Shoegaze"]
    )
    assert 0 not in graph.artist_tags.tag
    assert 1 in graph.artist_tags.tag
    assert graph.artist_names[0] == "old band"


def test_moods_follow_words_and_reach_items_that_have_none():
    """Two kinds of items; of each kind half is called by a word of mood, and only vectors tell what the others are."""
    rng = np.random.default_rng(3)
    size, kind = 200, np.arange(200) % 2
    vectors = np.stack([kind, 1 - kind], axis=1) + 0.2 * rng.standard_normal((size, 2))
    called = np.flatnonzero(np.arange(size) < size // 2)
    tags = sp.csr_matrix((np.ones(len(called)), (kind[called], called)), shape=(2, size))
    felt = moods(tags, ["happy", "sad"], vectors.astype(np.float32))
    silent = np.arange(size) >= size // 2
    assert felt[silent & (kind == 0), 0].min() > felt[silent & (kind == 1), 0].max()
    assert np.abs(felt.mean(axis=0)).max() < 0.01
    assert not moods(tags, ["table", "chair"], vectors.astype(np.float32)).any()
