"""Walking between the places at a real browser: what plays stays, one knows where one is, and nothing is left running."""

import json

import pytest
from selenium.webdriver.common.keys import Keys

from accounts.policies import in_private_session
from graph.models import Feedback
from tests import factories
from tests.web.conftest import model_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ORIGIN_OF_SCROLL = "return Math.round(scrollY)"


def open_sockets(person):
    """How many sockets were opened and not closed since the last call."""
    messages = [
        json.loads(entry["message"])["message"]["method"] for entry in person.browser.get_log("performance")
    ]
    return messages.count("Network.webSocketCreated") - messages.count("Network.webSocketClosed")


def test_the_player_stays_and_one_knows_where_one_is(world, visit):
    person = visit()
    person.opens("/")
    person.sees("#recommendations .title", "")
    person.until(lambda: person.find("#recommendations .title"), "cards")
    person.browser.execute_script(
        "document.getElementById('player').textContent = 'plays'; window.walked = true;"
    )
    person._size(390, 600)
    person.browser.execute_script("scrollTo(0, 300)")
    for place, address, title in (
        ("music", "/music/", "My music"),
        ("together", "/together/", "Together"),
        ("me", "/me/", "Me"),
    ):
        person.presses(f"#{place}-link")
        person.sees("h1", title)
        assert person.browser.current_url == person.origin + address
        assert person.find("h1:focus"), person.focused()
        assert [one.get_attribute("id") for one in person.find("#places [aria-current]")] == [f"{place}-link"]
        assert person.text("#player") == "plays"
        assert person.browser.execute_script("return window.walked && scrollY") == 0
    assert person.browser.title.startswith("Me")
    person.until(lambda: person.find("#devices li"), "the page's script ran")
    for title in ("Together", "My music", "Home"):
        person.browser.back()
        person.sees("h1", title)
    person.until(lambda: person.browser.execute_script(ORIGIN_OF_SCROLL) == 300, "it is where it was")
    assert person.find("#recommendations .title")
    person.browser.forward()
    person.sees("h1", "My music")
    person.until(lambda: person.find("#days .title"), "the history")
    assert person.browser.execute_script("return window.walked")
    assert person.complaints() == []


def test_a_page_that_is_left_keeps_no_socket(world, visit):
    person = visit()
    person.opens("/me/")
    person.until(lambda: person.find("#devices li"), "the page")
    open_sockets(person)
    person.presses("#together-link")
    person.until(lambda: person.find("#map circle"), "the page")
    person.until(lambda: open_sockets(person) == 1, "its socket")
    person.presses("#me-link")
    person.until(lambda: person.find("#devices li"), "the page")
    person.until(lambda: open_sockets(person) == -1, "the socket is closed")


def test_a_like_far_down_shows_at_once_and_moves_nothing(world, visit):
    tracks = [
        factories.track(f"Tide {number}", by=factories.artist(f"Choir {number}")) for number in range(18)
    ]
    vectors = {track.pk: [0.5, 0.3, 0.2 + number / 100] for number, track in enumerate(tracks)}
    model_of(vectors | {world.common.pk: [0.5, 0.5, 0.5]})  # what she plays speaks for them
    person = visit()
    person.opens("/")
    person.until(lambda: len(person.find("#recommendations .like")) == 12, "cards")
    person.presses("#more-cards")
    person.until(lambda: len(person.find("#recommendations .like")) == 18, "all cards")
    cards = person.texts("#recommendations .title")
    last = "#recommendations > li:nth-child(15) .like"
    person._size(390, 600)
    person.presses(last)
    assert person.find(f"{last}[aria-pressed=true]:focus"), person.focused()
    scrolled = person.browser.execute_script(ORIGIN_OF_SCROLL)
    person.sees("#status", "Noted: you like")
    assert person.browser.execute_script(ORIGIN_OF_SCROLL) == scrolled > 0
    assert person.texts("#recommendations .title") == cards
    assert Feedback.objects.get(user=world.ada).kind == "LIKE"
    person.browser.execute_script(  # as a finger does, which scrolls nothing
        "const undo = document.getElementById('undo'); undo.focus({ preventScroll: true }); undo.click()"
    )
    person.sees("#status", "Undone.")
    assert person.find(f"{last}[aria-pressed=false]:focus"), person.focused()
    assert person.browser.execute_script(ORIGIN_OF_SCROLL) == scrolled
    assert not Feedback.objects.exists()
    person.presses("#status .plain")
    assert person.text("#status") == ""


def test_what_fails_in_a_dialog_is_said_in_it(world, visit):
    person = visit()
    person.opens("/")
    person.until(lambda: person.find("#recommendations .like"), "cards")
    person.presses("#recommendations .open-more")
    person.presses("#more-acts button:nth-of-type(1)")
    person.types("#new-playlist", "Mornings")
    person.browser.execute_script("window.fetch = () => Promise.reject(new Error('gone'))")
    person.presses("#more-place form button")
    person.sees("#more .told.error", "The server did not answer.")
    assert person.text("#status") == ""
    person.presses("#more .told button")
    assert person.text("#more .told") == ""
    assert person.find("#more[open]")


def test_the_keyboard_leads_everywhere(world, visit):
    person = visit()
    person.opens("/")
    person.until(lambda: person.find("#recommendations .like"), "cards")
    person.key("j", "j", "k")
    assert person.find("#recommendations > li:first-child:focus")
    person.key("l")
    person.until(lambda: Feedback.objects.filter(user=world.ada, kind="LIKE").exists(), "liked")
    assert person.find("#recommendations > li:first-child .like[aria-pressed=true]")
    person.key("?")
    person.until(lambda: person.find("#keys[open]"), "help")
    assert person.violations() == []
    person.key(Keys.ESCAPE)
    person.key("/")
    person.sees("h1", "Search")
    person.until(lambda: person.find("#search-text:focus"), "one can type")
    person.key("jlk/")
    assert person.find("#search-text")[0].get_attribute("value") == "jlk/"


def test_of_answers_to_what_was_typed_only_the_last_counts(world, visit):
    person = visit()
    person.opens("/search/")
    person.until(lambda: person.find("#search-text:focus"), "one can type")
    person.browser.execute_script("""
        const real = window.fetch;
        window.fetch = async (address, options) => {
          const answer = await real(address, options);
          if (options?.body?.includes('"text":"ada"')) await new Promise((resolve) => setTimeout(resolve, 1500));
          return answer;
        };""")
    person.key("ada")
    person.browser.execute_async_script("setTimeout(arguments[0], 400)")  # longer than one waits for more
    person.key(Keys.BACKSPACE * 3, "quiet")
    person.sees("#tracks", "Quiet Rivers")
    person.browser.execute_async_script("setTimeout(arguments[0], 1800)")
    assert "Ada's Favorite" not in person.texts("#tracks .title")
    assert person.text("#search-count") == "1 hit for “quiet”"
    assert person.browser.current_url.endswith("?text=quiet")
    person.key(Keys.BACKSPACE * 5, "ben")
    person.sees("#people", "Ben")
    assert person.violations("light", "dark") == []
    person.key("nobody of that name")
    person.sees("#search-count", "Nothing here is called")


def test_the_shield_says_until_when_nothing_is_kept(world, visit):
    person = visit()
    person.opens("/music/")
    person.sees("#shield", "My plays and my friends")
    person.presses("#shield > button")
    person.presses("#shield-private")
    person.sees("#shield-until", "private until")
    world.ada.refresh_from_db()
    assert in_private_session(world.ada)
    person.sees("#status", "nothing that you play is kept")
    assert person.violations("light", "dark") == []
    person.looks("shield")
    person.presses("#home-link")
    person.sees("h1", "Home")
    person.sees("#shield-until", "private until")
    person.presses("#shield > button")
    person.presses("#shield-private")
    person.sees("#status", "The private session is over.")
    world.ada.refresh_from_db()
    assert not in_private_session(world.ada)
    assert person.text("#shield-until") == ""
