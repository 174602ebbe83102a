"""The API's explorer at a real browser: it asks and subscribes as whoever is signed in, and loads nothing from elsewhere."""

import time

import pytest

from accounts.models import Purpose

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

RESULT = ".result-window"
SUBSCRIPTION = "subscription { rooms { id } }"
MUTATION = "mutation { setConsent(purpose: SELF, granted: false) { __typename } }"


def asks(person, query):
    script = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(arguments[0])"
    person.browser.execute_script(script, query)
    time.sleep(1)  # it reads what is typed when nothing more comes for a moment
    person.presses(".graphiql-execute-button")


def test_it_asks_as_whoever_is_signed_in_and_nowhere_else(world, visit):
    person = visit()
    person.opens("/explore/")
    person.presses(".graphiql-execute-button")
    person.sees(RESULT, '"handle": "ada"')
    person.sees(RESULT, "Your friend Ben plays this")
    asks(person, MUTATION)
    person.sees(RESULT, '"setConsent"')
    assert world.ada.consents.get(purpose=Purpose.SELF, friend=None).state == "WITHDRAWN"
    asks(person, SUBSCRIPTION)
    person.sees(RESULT, '"rooms": []')
    person.presses("button[aria-label='Show Documentation Explorer']")
    person.sees(".graphiql-doc-explorer", "Query")
    assert person.origins() == {person.origin}
    assert person.complaints() == []
