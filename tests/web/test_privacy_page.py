"""The privacy center at a real browser: by mouse from reading to erasure, and by the keyboard alone."""

import zipfile

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from selenium.webdriver.common.keys import Keys

from accounts.models import Consent, ConsentState, Device, PersonalizationLevel, Purpose, User
from accounts.services.breach import breach_add
from accounts.services.token import token_issue
from accounts.sessions import SessionStore
from accounts.signatures import verify
from discovery.models import DataExport, Erasure
from graph.models import Feedback, FeedbackKind, Listen, TasteExclusion
from tests import factories
from tests.processes import wait_for
from tests.web.person import PASSWORD
from tests.web.test_device_page import device

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def granted(user):
    return set(
        Consent.objects.filter(user=user, friend=None, state=ConsentState.GRANTED).values_list(
            "purpose", flat=True
        )
    )


def test_from_signing_in_to_the_erased_account(world, visit, tmp_path):
    person = visit()
    person.browser.get(person.origin + "/privacy/")
    assert person.violations() == []
    person.looks("sign-in")
    concerned = User.objects.filter(pk=world.ada.pk)
    breach_add(what="A backup lay open", happened_at=timezone.now(), done="Closed it", people=concerned)
    person.opens("/privacy/")
    reads(person)
    lowers_the_level(person, world)
    withdraws_one_purpose(person, world)
    leaves_an_artist_out(person, world)
    withdraws_everything(person, world)
    takes_the_data_along(person, world, tmp_path / "earshot-export.zip")
    erases_the_account(person, world)
    assert person.origins() == {person.origin}
    assert person.complaints() == []


def reads(person):
    person.sees("#summary", "Right now you allow 7 of 12 things")
    person.sees("#level-name", "My plays and my friends")
    person.sees("#now li", "'s Favorite")
    person.sees("#held", "Plays your apps reported.")
    person.sees("#breaches", "A backup lay open")
    person.sees("#breaches", "Closed it")
    person.sees("#operator", "Run by")


def lowers_the_level(person, world):
    """The example changes at once; the level only with the button."""
    person.types("#level", Keys.ARROW_LEFT)
    person.sees("#example li", "Quiet Rivers")
    person.sees("#example-note", "of the first five would be others")
    assert any("Ben's Favorite" in gone for gone in person.texts("#now .marked"))
    assert not any("Favorite" in title for title in person.texts("#example .title"))
    assert User.objects.get(pk=world.ada.pk).level == PersonalizationLevel.SOCIAL
    assert person.violations("light", "dark") == []
    person.looks("privacy")
    person.presses("#level-save")
    person.sees("#status", "Saved.")
    person.sees("#now li", "Quiet Rivers")
    assert User.objects.get(pk=world.ada.pk).level == PersonalizationLevel.OWN


def withdraws_one_purpose(person, world):
    """In general, and for one friend."""
    person.presses("#allow-DISCOVERABLE")
    person.sees("#status", "People can find me: off.")
    assert granted(world.ada) == set(factories.EVERYTHING) - {Purpose.DISCOVERABLE}
    person.presses("#per-friend input")
    person.sees("#status", "My plays may shape what Ben sees: off.")
    answer = Consent.objects.get(user=world.ada, friend=world.ben)
    assert (answer.purpose, answer.state) == (Purpose.SOCIAL_OUT, ConsentState.DENIED)


def leaves_an_artist_out(person, world):
    """After a look at what that would change."""
    artist = world.favorites["ada"].artist
    person.types("#exclude-text", artist.name)
    person.presses("#exclude button")
    person.presses("#hits .plain")
    person.sees("#preview", "your first ten")
    person.presses("#hits button:not(.plain)")
    person.sees("#exclusions", artist.name)
    assert TasteExclusion.objects.get(user=world.ada).artist == artist


def withdraws_everything(person, world):
    person.presses("#withdraw-all")
    person.sees("#status", "Everything is withdrawn.")
    assert granted(world.ada) == set()
    assert person.find("#purposes input:checked") == []
    person.sees("#summary", "Right now you allow nothing")
    person.sees("#history", "taken back")
    # a no is written for what was never allowed, too
    person.sees("#history", "My plays may enter sums that leave: no")


def takes_the_data_along(person, world, archive):
    """Written by the worker, and really on this person's disk."""
    person.presses("#export")
    person.sees("#exports", "Download")
    person.presses("#exports a")
    wait_for(archive.exists, what="the download")
    with zipfile.ZipFile(archive) as files:
        assert files.testzip() is None
        assert {"manifest.json", "index.html", "consent/ledger.jsonl"} <= set(files.namelist())
        assert len(files.read("listens/2026/1.jsonl").splitlines()) == 7
    assert DataExport.objects.get(user=world.ada).state == DataExport.State.READY


HISTORIES = """const done = arguments[0], asked = indexedDB.open("earshot-device", 1);
asked.onsuccess = () => { const keys = asked.result.transaction("histories").objectStore("histories").getAllKeys();
  keys.onsuccess = () => { asked.result.close(); done(keys.result); }; };"""


def kept_in_the_browser(person):
    return person.browser.execute_async_script(HISTORIES)


def erases_the_account(person, world):
    """Not with another handle; then by the worker, to the receipt."""
    person.types("#erase-confirm", "somebody else")
    person.presses("#erase button")
    person.sees("#status.error", "Type your own handle to confirm.")
    assert User.objects.filter(pk=world.ada.pk, is_active=True).exists()
    device(person, "played", {"kind": "TRACK", "id": "hers"})
    assert any(key.endswith(" TRACK") for key in kept_in_the_browser(person))
    person.find("#erase-confirm")[0].clear()
    person.types("#erase-confirm", "ada")
    person.presses("#erase button")
    person.sees("h1", "Your account is")
    assert kept_in_the_browser(person) == [], "what that browser keeps of her goes with the account"
    person.sees("#erasure-state", "Done")
    person.sees("h1", "Your account is erased")
    assert person.violations() == []
    person.looks("erased")
    assert not User.objects.filter(username="ada").exists()
    erasure = Erasure.objects.get()
    assert person.find("#erasure")[0].get_attribute("href").endswith(f"/privacy/erasures/{erasure.pk}")
    verify(erasure.receipt)
    person.browser.get(person.origin + "/privacy/")
    assert person.find("#id_login"), "signed out"


def test_ones_own_plays_words_and_devices(world, visit):
    """Deleted, taken back, ended; and what was recorded goes with the switch where one says so."""
    ada = world.ada
    Feedback.objects.create(user=ada, track=world.common, kind=FeedbackKind.HIDE, given_at=factories.NOON)
    token_issue(user=ada, name="old phone")
    person = visit()
    person.opens("/me/")
    person.sees("#devices", "old phone (token)")
    assert person.violations("light", "dark") == []
    person.presses('#devices button[aria-label^="End: old phone"]')
    person.sees("#status", "old phone is signed out.")
    assert [device.kind for device in Device.objects.filter(user=ada)] == ["BROWSER"]
    person.opens("/privacy/")
    person.sees("#held", "Plays your apps reported.")
    person.presses("#own summary")
    person.sees("#plays", "Common Ground")
    person.presses("#plays button")
    person.sees("#status", "Gone:")
    assert Listen.objects.filter(user=ada).count() == 6
    person.sees("#words", "hidden")
    person.presses("#words button")
    person.until(lambda: not Feedback.objects.filter(user=ada).exists(), "the word is taken back")
    assert person.violations("light", "dark") == []
    person.presses("#allow-RECORD")
    person.sees("#status", "Keep what I play: off.")
    assert Listen.objects.filter(user=ada).exists(), "kept, until one says otherwise"
    person.presses("#recorded-delete")
    person.sees("#status", "What was recorded is deleted.")
    assert not Listen.objects.filter(user=ada).exists()
    assert Listen.objects.exists()
    person.sees("#plays", "No plays are kept.")
    assert person.complaints() == []


def test_the_password_is_asked_again_where_the_sign_in_lies_back(world, visit):
    person = visit()
    person.opens("/privacy/")
    (session,) = Session.objects.all()
    signed_in = {**session.get_decoded(), "earshot.asked": 0}
    Session.objects.update(session_data=SessionStore().encode(signed_in))
    person.presses("#export")
    person.sees("#status.error", "Tell your password once more.")
    person.types("#erase-confirm", "ada")
    person.types("#erase-password", "wrong")
    person.presses("#erase button")
    person.sees("#status.error", "This is not your password.")
    assert User.objects.filter(pk=world.ada.pk, is_active=True).exists()
    person.types("#export-password", PASSWORD)
    person.presses("#export")
    person.until(lambda: DataExport.objects.filter(user=world.ada).exists(), "the export is asked for")


def test_the_main_actions_by_keyboard_alone(world, visit):
    person = visit()
    person.opens("/privacy/")
    person.sees("#example-note", "This is what you use now.")
    person.tabs_to(".skip")
    person.key(Keys.ENTER)
    person.tabs_to("#level")
    person.key(Keys.HOME)
    person.sees("#level-name", "Off")
    assert person.find("#level")[0].get_attribute("aria-valuetext") == "Off"
    person.tabs_to("#level-save")
    person.key(Keys.ENTER)
    person.sees("#status", "Saved.")
    assert User.objects.get(pk=world.ada.pk).level == PersonalizationLevel.OFF
    assert person.find("#level:focus"), "the focus is where one can go on"
    person.tabs_to("#allow-NAMED")
    person.key(Keys.SPACE)
    person.sees("#status", "Friends may see my name with it: off.")
    assert Purpose.NAMED not in granted(world.ada)
    assert person.find("#allow-NAMED:focus")
    person.tabs_to("#withdraw-all")
    person.key(Keys.SPACE)
    person.sees("#status", "Everything is withdrawn.")
    person.tabs_to("#erase-confirm")


def test_a_withdrawal_of_everything_is_taken_back_from_its_message(world, visit):
    """In general, and for the one friend who was treated differently."""
    person = visit()
    person.opens("/privacy/")
    person.presses("#per-friend input")
    person.sees("#status", "My plays may shape what Ben sees: off.")
    before = granted(world.ada)
    person.presses("#withdraw-all")
    person.sees("#status", "Everything is withdrawn.")
    assert granted(world.ada) == set()
    person.presses("#undo")
    person.sees("#status", "Undone.")
    assert granted(world.ada) == before
    answer = Consent.objects.get(user=world.ada, friend=world.ben, purpose=Purpose.SOCIAL_OUT)
    assert answer.state == ConsentState.DENIED
    person.sees("#summary", "Right now you allow 7 of 12 things")
    person.presses("#allow-NAMED")
    person.sees("#status", "Friends may see my name with it: off.")
    person.presses("#undo")
    person.sees("#status", "Undone.")
    assert granted(world.ada) == before
