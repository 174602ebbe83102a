"""The pages in German: what the templates, the scripts, the API and its subscriptions say."""

import re

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def test_in_german(world, visit):
    person = visit(language="de")
    person.opens("/privacy/")
    person.sees("h1", "Deine Privatsphäre")
    person.sees("#summary", "Gerade erlaubst du 7 von 12 Dingen.")
    person.sees("#now .quiet", "mit dir befreundet, hört das")
    person.sees("#held", "Was deine Apps als gehört gemeldet haben.")
    person.types("#erase-confirm", "somebody else")
    person.presses("#erase button")
    person.sees("#status.error", "Gib zur Bestätigung deinen eigenen Anmeldenamen ein.")
    person.looks("privacy-in-german")

    person.opens("/")
    person.sees("#made-from", "Aus dem, was du hörst")
    person.opens("/radio/")
    person.presses("#radio-go")
    playing = person.until(lambda: person.text("#radio-now"), "the radio plays")
    person.browser.refresh()
    person.sees("#radio-now", playing)  # as the subscription tells it
    assert re.search(r"hört|Signal|Beliebt", person.text("#radio > .quiet"))
    assert person.complaints() == []
