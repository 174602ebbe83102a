import numpy as np
import pytest

from graph.phrases import normal
from graph.words import table
from graph.words.lists import feelings, genre_feelings, related
from graph.words.table import TableDamaged, word_table


def likeness(one, other):
    return float(word_table().vector(one) @ word_table().vector(other))


def test_words_of_one_meaning_are_nearer_than_words_that_look_alike():
    assert likeness("dnb", "drum and bass") > likeness("dnb", "rnb")
    assert likeness("grunge", "alternative rock") > likeness("grunge", "groovy")


def test_a_phrase_lies_between_its_words_and_common_words_say_little():
    assert likeness("sad piano", "piano") > likeness("sad piano", "guitar")
    assert likeness("some of the shoegaze", "shoegaze") == pytest.approx(1)


def test_what_is_no_word_has_no_vector():
    assert not word_table().knows("xyzzyq")
    assert not word_table().vector("xyzzyq").any()
    assert word_table().vectors([]).shape == (0, word_table().dim)


def test_vectors_are_units():
    for phrase in ("jazz", "rainy day", "sad piano"):
        assert np.linalg.norm(word_table().vector(phrase)) == pytest.approx(1, abs=1e-3)


def test_another_table_is_refused(monkeypatch):
    monkeypatch.setattr(table, "SHA256", "0" * 64)
    with pytest.raises(TableDamaged):
        word_table.__wrapped__()


def test_every_word_of_the_lists_is_in_the_table():
    words = word_table().words
    listed = {*related(), *feelings(), *genre_feelings()}
    listed |= {other for line in related().values() for other in (*line.same, *line.near)}
    assert not listed - set(words)
    assert all(word == normal(word) for word in listed)


def test_feelings_are_within_their_scale_and_no_word_is_said_twice():
    assert all(
        -1 <= value <= 1 for felt in (*feelings().values(), *genre_feelings().values()) for value in felt
    )
    assert not feelings().keys() & genre_feelings().keys()
    for term, line in related().items():
        assert term not in line.same
        assert term not in line.near
