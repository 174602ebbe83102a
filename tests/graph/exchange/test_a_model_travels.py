"""An exported model says elsewhere what it says at home, of music by name, and nothing of anybody."""

from dataclasses import replace

import numpy as np
import pytest

from graph.elsewhere.document import MODEL, document_read
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.names import names_read
from graph.exchange.export import export_document
from graph.exchange.laid_model import model_laid
from graph.ml.data import artist_view, track_view
from graph.ml.item_item import fit_item_item
from graph.ml.train import fit
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, Evidence
from graph.snapshot import Taggings
from tests.graph.exchange.conftest import KEY, TOLD, called, renumbered

KINDS = {"ARTIST": "artist_names", "TRACK": "track_titles"}


def imported(document, snapshot):
    arrays, description = model_laid(document, snapshot, called(snapshot))
    return Artifact.assemble(description, arrays)


def heard(index, rows):
    rows = np.asarray(rows, dtype=np.int64)
    return Evidence(
        key_row=rows,
        amount=np.arange(3, 3 + len(rows)).astype(np.float32),
        channel=np.full(len(rows), Channel.OWN, np.int8),
    )


def names_in(document, kind):
    """What the vectors of this kind are of, in the document's order."""
    named = names_read(document.arrays)
    called_so = named.artists if kind == "ARTIST" else named.titles
    return [called_so[row] for row in document.arrays[f"{kind.lower()}.items"].tolist()]


def by_name(index, snapshot, kind, names):
    """Scores of everything by name, of whoever played these."""
    called_so = list(getattr(snapshot, KINDS[kind]))
    scores = index.scores(heard(index, [called_so.index(name) for name in names]))
    return dict(zip(called_so, scores.tolist(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_exporters_under_other_keys(exported, document, traveling_world, kind):
    elsewhere = renumbered(traveling_world)
    names = list(getattr(traveling_world, KINDS[kind]))[:5]
    at_home = by_name(exported.fitted.artifact().index(kind), traveling_world, kind, names)
    there = by_name(imported(document, elsewhere).index(kind), elsewhere, kind, names)
    known = names_in(document, kind)
    assert len(known) == exported.items[kind] > 30
    assert [there[name] for name in known] == pytest.approx([at_home[name] for name in known], abs=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_other_types_of_numbers_say_nearly_the_same(document, traveling_world, small_config, dtype):
    other = export_document(
        traveling_world, called(traveling_world), small_config, secret=KEY, told=TOLD, dtype=dtype
    )
    elsewhere = renumbered(traveling_world)
    whole, small = (
        by_name(imported(one, elsewhere).index("ARTIST"), elsewhere, "ARTIST", ["Artist 0", "Artist 3"])
        for one in (document_read(other.blob, expected=MODEL), document)
    )
    assert np.corrcoef(list(whole.values()), list(small.values()))[0, 1] > 0.999


def test_what_few_people_play_does_not_leave(exported, document, traveling_world):
    players = artist_view(traveling_world).players
    enough = {f"Artist {row}" for row in np.flatnonzero(players >= 5)}
    assert set(names_in(document, "ARTIST")) == enough != {*traveling_world.artist_names}
    assert players[59] == 4
    assert b"Artist 59" not in exported.blob
    assert b"artist 59" not in exported.blob  # as a word that items are found by


def test_no_row_of_anybody_and_no_local_key_is_in_it(exported, traveling_world):
    document = document_read(exported.blob, expected=MODEL)
    people = len(traveling_world.users)
    assert people not in {size for array in document.arrays.values() for size in array.shape}
    for name, array in document.arrays.items():
        assert not name.endswith("ids"), name
        if array.dtype == np.int64 and array.size:
            assert not np.isin(traveling_world.users, array).all(), name


def test_what_the_model_does_not_know_counts_by_its_words(document, traveling_world):
    """An artist of the same word as a third of them, which nobody elsewhere has heard of."""
    elsewhere = renumbered(traveling_world)
    row = list(elsewhere.artist_names).index("Artist 59")  # beneath the floor there
    rock = list(elsewhere.tag_names).index("rock")
    says = (
        Taggings(*(np.array([value], dtype=np.int32) for value in (-1, row, rock)))
        if False
        else Taggings(
            user=np.array([-1], np.int32), item=np.array([row], np.int32), tag=np.array([rock], np.int32)
        )
    )
    silent = imported(
        document,
        replace(
            elsewhere, artist_tags=replace(says, user=says.user[:0], item=says.item[:0], tag=says.tag[:0])
        ),
    )
    told = imported(document, replace(elsewhere, artist_tags=says)).index("ARTIST")
    assert not silent.index("ARTIST").terms(heard(told, [row]), np.ones(1, np.float32)).any()
    scores = told.scores(heard(told, [row])) - told.prior
    third = np.array([int(name.split()[1]) % 3 == 0 for name in elsewhere.artist_names])
    assert scores[third].mean() > scores[~third].mean() + scores.std() / 2


def test_a_training_begins_with_what_was_imported(document, traveling_world, small_config):
    """Four people teach nothing by themselves: what is learned is what came, and once, however often one trains."""
    elsewhere = renumbered(traveling_world)
    begun = replace(elsewhere, elsewhere=sums_laid([document], called(elsewhere)))
    alone, again = (fit(begun, small_config).artifact().index("ARTIST") for _ in range(2))
    brought = imported(document, elsewhere).index("ARTIST")
    evidence = heard(alone, [4, 9, 11])
    ours, theirs = alone.scores(evidence), brought.scores(evidence)
    known = theirs != 0
    assert np.corrcoef(ours[known], theirs[known])[0, 1] > 0.98
    assert ours.tobytes() == again.scores(evidence).tobytes()
    silent = fit(elsewhere, small_config).artifact().index("ARTIST")
    assert not silent.learned.any()
    assert alone.learned.sum() == len(names_in(document, "ARTIST"))


def test_own_plays_are_added_to_the_starters(document, traveling_world, small_config):
    """The same people again, as if they were others: weights of both, not of the last one alone."""
    elsewhere = replace(traveling_world, elsewhere=sums_laid([document], called(traveling_world)))
    for view in (artist_view, track_view):
        both, one = (
            fit_item_item(view(s), small_config.memory, seed=0) for s in (elsewhere, traveling_world)
        )
        kind = view(elsewhere).kind
        known = [list(getattr(traveling_world, KINDS[kind])).index(name) for name in names_in(document, kind)]
        assert (both.key_scale[known] < one.key_scale[known]).all()


def test_a_snapshot_tells_of_what_it_adds(document, traveling_world):
    with_sums = replace(traveling_world, elsewhere=sums_laid([document], called(traveling_world)))
    assert with_sums.content_hash != traveling_world.content_hash
