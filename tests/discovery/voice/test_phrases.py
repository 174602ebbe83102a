"""What can be said is one table: the grammar that is listened for, and what its words are understood as."""

import random
import re

import pytest

from discovery.voice.evaluation import sentences_read
from discovery.voice.phrases import AFTER, BEFORE, LISTS, PHRASES, Command, Intent, jsgf, plain, understood


def test_every_written_command_is_a_phrase_and_no_other_sentence_is():
    commands = [one for one in sentences_read() if one.intent]
    others = [one for one in sentences_read() if not one.intent]
    assert (len(commands), len(others)) == (100, 200)
    assert {
        one.words
        for one in commands
        if (found := understood(one.words)) is None or found.intent != one.intent
    } == set()
    assert {one.words for one in others if understood(one.words)} == set()


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("Please, skip this song!", Command(Intent.SKIP)),
        ("Start radio from hip hop.", Command(Intent.RADIO, {"tag": "hip hop"})),
        ("start a radio from this one", Command(Intent.RADIO, {"song": "this one"})),
        ("make me a playlist for working out", Command(Intent.PLAYLIST, {"occasion": "working out"})),
        ("I don’t like this song", Command(Intent.LESS)),
        ("skip", None),  # a word alone
        ("start radio from polka", None),  # a word that no list has
        ("skip this song and that one", None),
        ("", None),
    ],
)  # fmt: skip
def test_words_are_understood_whole_or_not_at_all(said, command):
    assert understood(plain(said)) == command


def spoken(pattern, rng):
    """One of the sentences of a pattern, told from the pattern by another way than the product's."""
    while found := re.search(r"[(\[]([^()\[\]]*)[)\]]", pattern):
        choices = found[1].split("|") + ([""] if found[0][0] == "[" else [])
        pattern = pattern[: found.start()] + f" {rng.choice(choices)} " + pattern[found.end() :]
    words = re.sub(r"<(\w+)>", lambda slot: rng.choice(LISTS[slot[1]]), pattern)
    return " ".join(words.split())


def test_whatever_the_grammar_can_say_is_understood_as_the_intent_that_it_is_of():
    rng = random.Random(3)  # noqa: S311
    for intent, patterns in PHRASES.items():
        for pattern in patterns:
            for _ in range(20):
                said = spoken(f"{BEFORE} {pattern} {AFTER}", rng)
                assert understood(said).intent is intent, said
                assert len(said.split()) > 1
    assert all(f"<{intent}>" in jsgf() for intent in Intent)
