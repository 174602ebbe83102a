"""Two languages: nothing is left untranslated, and whoever asks in German is answered in German."""

import re
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import allauth
import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from discovery.recommend.wording import Wording
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index
from tests.web.translations import FOR_ALLAUTH, LOCALE, catalog, compiled, said_by_python, said_by_scripts

SOURCES = {"django": said_by_python, "djangojs": said_by_scripts}
GERMAN = {"Accept-Language": "de-AT, en;q=0.5"}


@pytest.fixture(autouse=True)
def _speaks_english_again():
    """A request leaves its language to the thread."""
    yield
    translation.activate("en")


@pytest.mark.parametrize("domain", SOURCES)
def test_every_sentence_has_a_translation_and_nothing_else_does(domain):
    translated = {message.id for message in catalog(domain) if message.id and all(_strings(message))}
    assert translated == SOURCES[domain]()


@pytest.mark.parametrize("domain", SOURCES)
def test_a_translation_fills_the_same_places(domain):
    for message in filter(lambda message: message.id, catalog(domain)):
        forms = message.id if isinstance(message.id, tuple) else (message.id,)
        assert _places(" ".join(_strings(message))) == _places(" ".join(forms)), message.id


@pytest.mark.parametrize("domain", SOURCES)
def test_what_is_served_was_compiled_from_what_is_read(domain):
    """``python -m tests.web.translations`` compiles it. The header is left out, for it names the compiler's version."""
    served = _answers((LOCALE / "de/LC_MESSAGES" / f"{domain}.mo").read_bytes())

    assert len(served) > 20
    assert served == _answers(compiled(catalog(domain)))


def _answers(mo):
    answers = GNUTranslations(BytesIO(mo))._catalog
    del answers[""]
    return answers


def _strings(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _places(text):
    return set(re.findall(r"%\((\w+)\)", text))


@pytest.mark.django_db
def test_the_same_reason_in_two_languages(client, serve):
    friends = factories.triangle_of_friends()
    tracks = [friends.common, *friends.favorites.values()]
    vectors = [[1.0, 0.5 * number] for number in range(len(tracks))]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks]))
    client.force_login(friends.ada)
    query = "{ viewer { discover(first: 1) { edges { node { reasons { kind text contribution } } } } } }"

    def reasons(**headers):
        answer = client.post("/graphql/", {"query": query}, "application/json", headers=headers).json()
        return answer["data"]["viewer"]["discover"]["edges"][0]["node"]["reasons"]

    english, german = reasons(), reasons(**GERMAN)
    assert "Your friend Cleo plays this" in [reason["text"] for reason in english]
    assert "Cleo, mit dir befreundet, hört das" in [reason["text"] for reason in german]
    without_words = [[{**reason, "text": ""} for reason in page] for page in (english, german)]
    assert without_words[0] == without_words[1]


@pytest.mark.django_db
def test_a_refusal_in_german(client):
    client.force_login(factories.listener("ada"))
    query = 'mutation { requestErasure(confirm: "x") { ... on OperationInfo { messages { code message } } } }'
    answer = client.post("/graphql/", {"query": query}, "application/json", headers=GERMAN).json()
    assert answer["data"]["requestErasure"]["messages"] == [
        {"code": "NOT_CONFIRMED", "message": "Gib zur Bestätigung deinen eigenen Anmeldenamen ein."}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/search/",
        "/music/",
        "/together/",
        "/me/",
        "/welcome/",
        "/imports/",
        "/privacy/",
        "/accounts/login/",
    ],
)
def test_a_page_in_german_and_by_choice_in_english(client, page):
    if page != "/accounts/login/":
        client.force_login(factories.listener("ada"))
    german = client.get(page, headers=GERMAN)
    assert '<html lang="de">' in german.text
    assert "Zum Inhalt springen" in german.text
    answer = client.post("/language/", {"language": "en", "next": page}, headers=GERMAN)
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert "Skip to content" in client.get(page, headers=GERMAN).text


def test_the_scripts_words_in_german(client):
    assert '"Less of this": "Weniger davon"' in client.get("/words.js", headers=GERMAN).text
    assert "Weniger davon" not in client.get("/words.js").text


def test_a_share_in_words():
    with translation.override("de"):
        assert Wording({}).fraction(0.2) == "etwa ein Fünftel"
    assert Wording({}).fraction(0.2) == "about a fifth"


FORMAL = re.compile(r"\b(Sie|Ihre?[mnrs]?|Ihnen|Dir|Sicherheitsschlüssel)\b")


def test_what_a_library_says_is_said_as_these_pages_say_it():
    """django-allauth's German says "Sie" here and "du" there; what ours says in its place is asked for by it."""
    with (Path(allauth.__file__).parent / "locale/de/LC_MESSAGES/django.po").open("rb") as file:
        library = {message.id: message for message in read_po(file, locale="de") if message.id}
    ours = {message.id: message for message in catalog("django", room=FOR_ALLAUTH) if message.id}
    assert ours.keys() <= library.keys()
    assert all(
        _places(" ".join(_strings(one))) == _places(" ".join(_strings(library[key])))
        for key, one in ours.items()
    )
    assert any(FORMAL.search(" ".join(_strings(library[key]))) for key in ours)
    with translation.override("de"):
        said = {
            key: translation.ngettext(*key, 2) if isinstance(key, tuple) else translation.gettext(key)
            for key, one in library.items()
            if any(re.match(r"(templates/)?(account|mfa)/", place) for place, _ in one.locations)
        }
    assert len(said) > 100
    assert {key: words for key, words in said.items() if FORMAL.search(words)} == {}


def test_our_words_for_a_library_are_compiled():
    served = _answers((FOR_ALLAUTH / "de/LC_MESSAGES/django.mo").read_bytes())
    assert served == _answers(compiled(catalog("django", room=FOR_ALLAUTH)))
