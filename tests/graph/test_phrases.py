from graph.phrases import normal, phrases_of, words_of


def test_words_are_folded_as_names_are():
    assert words_of("Rainy SUNDAY, 80's – Björk!") == ("rainy", "sunday", "80's", "bjork")
    assert normal("R&B") == normal("r & b") == "r b"
    assert words_of("…!") == ()


def test_the_longest_known_phrase_is_taken_and_no_word_is_lost():
    known = {"drum and bass", "and bass", "drum"}
    assert list(phrases_of(("fast", "drum", "and", "bass", "drum"), known)) == [
        "fast",
        "drum and bass",
        "drum",
    ]
    assert list(phrases_of((), known)) == []
