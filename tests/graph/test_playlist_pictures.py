"""A playlist's picture follows from how its title feels, the same each time; what it shows, a text says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.library.covers import cover_svg
from discovery.platform.covers import cover_address, cover_told
from graph.api.pictures import cover_words
from graph.words.titles import title_feeling
from tests import factories
from tests.api.client import App

UNIT = st.floats(-1, 1)


def word(address):
    return re.search(r"/covers/(.+)\.svg", address)[1]


def picture(feeling, title="One"):
    return cover_svg(word(cover_address(title, feeling=feeling))).decode()


def hue(svg):
    return int(re.search(r"hsl\((\d+)", svg)[1])


@given(valence=UNIT, energy=UNIT)
def test_a_feeling_draws_one_picture_and_its_letters_can_be_read(valence, energy):
    svg = picture((valence, energy))
    assert svg == picture((valence, energy))
    ground, ink = (
        re.search(r'<rect[^>]*fill="hsl\(\d+ 45% (\d+)%\)"', svg)[1],
        re.search(r'<text[^>]*fill="hsl\(\d+ 45% (\d+)%\)"', svg)[1],
    )
    assert int(ink) - int(ground) >= 60
    assert 2 <= svg.count("<circle") + svg.count("<polygon") <= 10


def test_sad_is_blue_happy_is_amber_calm_is_few_and_lively_many():
    assert 210 < hue(picture((-1, 0))) < 250
    assert 20 < hue(picture((1, 0))) < 60
    calm, lively = picture((0, -1)), picture((0, 1))
    assert (calm.count("<circle"), calm.count("<polygon")) == (2, 0)
    assert (lively.count("<circle"), lively.count("<polygon")) == (0, 10)
    assert cover_told(word(cover_address("One", feeling=(0.42, -3)))).feeling == (0.4, -1.0)


@pytest.mark.parametrize(
    ("title", "sign"),
    [("Sad songs for a rainy day", (-1, -1)), ("Happy party", (1, 1)), ("Traurige Lieder", None), ("Nerloo Choir, live", None), ("", None)],
)  # fmt: skip
def test_a_title_feels_as_its_words_of_mood_do(title, sign):
    felt = title_feeling(title)
    assert (felt and (felt.valence > 0) * 2 - 1, felt and (felt.energy > 0) * 2 - 1) == (sign or (None, None))


def test_the_text_says_what_the_picture_shows():
    assert (
        cover_words(title_feeling("Happy party"))
        == "Two letters over many small corners, for lively, in amber, for happy"
    )
    assert "blue" in cover_words(title_feeling("sad"))
    assert cover_words(None) == "Two letters over plain shapes"
    assert "<polygon" not in picture(None)


@pytest.mark.django_db
def test_a_playlist_tells_its_picture_and_one_without_a_feeling_has_that_of_before():
    app = App(factories.listener("ada"))
    made = "mutation ($t: String!) { createPlaylist(input: { title: $t }) { ... on Playlist { cover coverText } } }"
    calm = app.data(made, t="Calm evening")["createPlaylist"]
    assert "calm" in calm["coverText"]
    assert cover_told(word(calm["cover"])).feeling is not None
    plain = app.data(made, t="Nerloo")["createPlaylist"]
    assert plain["cover"] == cover_address("Nerloo")
