"""The device's page in a real browser: it ranks and plays on when the server is gone, and sends what was allowed alone."""

import json

import pytest
from django.db.models import Count

from accounts.models import Purpose, User
from accounts.services.consent import consent_set
from discovery.models import DeviceReport, DeviceTally
from discovery.platform.graphql.node import global_id
from graph.models import Listen
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

READY = "main[data-ready]"
ASK = """const [does, asked, done] = arguments;
import("/static/discovery/device/client.js").then(({ ask }) => ask(does, asked)).then(done, (error) => done({ failed: error.code }));"""


def device(person, does, asked=None):
    return person.browser.execute_async_script(ASK, does, asked)


def opens_device(person):
    person.browser.get(f"{person.origin}/device/")
    person.until(lambda: person.find(READY), "the device's page")


def asked_of(person, path):
    """How many requests to such a path the browser sent since the last look."""
    messages = (json.loads(entry["message"])["message"] for entry in person.browser.get_log("performance"))
    return sum(
        message["method"] == "Network.requestWillBeSent" and path in message["params"]["request"]["url"]
        for message in messages
    )


def test_what_is_kept_moves_here_and_goes_on_when_the_server_is_gone(world, site, visit):
    factories.listens(world.ada, world.favorites["ada"], 2)
    person = visit(process="device")
    person.opens("/privacy/")
    of_hers = {"kind": "TRACK", "id": global_id("Track", world.favorites["ada"].pk)}
    device(person, "played", of_hers)
    before = dict(Listen.objects.filter(user=world.ada).values_list("track").annotate(Count("pk")))
    person.sees("#device-words", "can stay on this device")
    person.presses("#device-only")
    person.presses("#device-sure")
    person.sees("#device-words", "is kept on your own device")
    assert User.objects.get(pk=world.ada.pk).on_device_since is not None
    assert not Listen.reports.filter(user=world.ada).exists()
    assert Listen.reports.exclude(user=world.ada).exists(), "what others played stays"

    plays = {line[0]: line[1] for line in device(person, "history", "TRACK")["plays"]}
    before[world.favorites["ada"].pk] += 1
    assert plays == {global_id("Track", key): count for key, count in before.items()}, "both, and each once"

    opens_device(person)
    person.until(lambda: person.find("main[data-kept]"), "what the page is made of is kept")
    assert person.text("#said") == ""
    first = person.texts("#found .title")
    assert first[0].startswith("Quiet Rivers"), "nearest to what she plays"
    assert "Because you played" in person.text("#found .quiet")
    assert person.violations("light", "dark") == []
    person.looks("device")

    site.stop("device")
    person.browser.refresh()
    person.until(lambda: person.find(READY), "the page without a server")
    assert person.texts("#found .title") == first
    person.presses("#radio-go")
    person.sees("#playing", "Quiet Rivers")
    person.presses("#radio-skip")
    person.until(lambda: "Quiet Rivers" not in person.text("#playing"), "another one")
    assert [line["skipped"] for line in device(person, "log")] == [False, True]
    person.presses("#fetch")
    person.sees("#said", "The server did not answer.")
    person.presses("details summary")
    person.presses('#history button[aria-label^="Leave out: Ada"]')
    person.until(lambda: "Ada's Favorite" not in person.text("#found"), "what is left out counts for nothing")
    assert person.texts("#found .title")


def test_nothing_is_reported_that_was_not_allowed_and_no_foreign_pack_used(world, visit):
    person = visit()
    person.opens("/privacy/")
    person.sees("#summary", "you allow")
    opens_device(person)
    yesterday = {"name": f"{device(person, 'owner')} day", "value": {"day": "2020-01-01", "first": "x"}}
    device(person, "played", {"kind": "TRACK", "id": global_id("Track", world.favorites["ada"].pk)})
    device(person, "keepFact", yesterday)
    asked_of(person, "/")
    opens_device(person)
    assert person.texts("#found .title"), "a list is shown, of which something could be told"
    assert asked_of(person, "/graphql") == 0
    assert not DeviceTally.objects.exists()

    consent_set(user=world.ada, purpose=Purpose.FEEDBACK, granted=True)
    person.opens("/privacy/")
    person.sees("#summary", "you allow")
    opens_device(person)
    device(person, "keepFact", yesterday)
    opens_device(person)
    person.until(DeviceReport.objects.filter(user=world.ada).exists, "the report")
    assert list(DeviceTally.objects.values_list("answers", flat=True)) == [1, 1]
    asked_of(person, "/")
    opens_device(person)
    assert asked_of(person, "/graphql") == 0, "once a day"

    device(person, "keepFact", {"name": "key", "value": "AAAA"})
    opens_device(person)
    person.sees("#said", "not signed by this installation")
    assert person.find("#said")[0].get_attribute("data-code") == "BUNDLE_FORGED"
    assert not person.texts("#found .title"), "what another key signed is not used"


# As it was kept before there were owners.
EARLIER = """const [track, done] = arguments; const asked = indexedDB.open("earshot-device", 1);
asked.onupgradeneeded = () => { for (const name of ["facts", "parts", "histories"]) asked.result.createObjectStore(name);
  asked.result.createObjectStore("log", { keyPath: "number", autoIncrement: true }); };
asked.onsuccess = () => { const within = asked.result.transaction(["histories", "log"], "readwrite");
  within.objectStore("histories").put({ plays: [[track, 1, 0]] }, "TRACK");
  within.objectStore("log").put({ kind: "TRACK", id: track, skipped: false, at: Date.now() });
  within.oncomplete = () => { asked.result.close(); done(); }; };"""


def signs_in_as(person, name):
    person.browser.delete_all_cookies()
    person.opens("/accounts/login/", name=name)


def test_who_shares_a_browser_shares_nothing_else(world, visit):
    """Neither the page nor what is taken along, nor a permission, nor what "delete everything" deletes."""
    track, other = (global_id("Track", world.favorites[name].pk) for name in ("cleo", "ben"))
    person = visit()
    consent_set(user=world.ada, purpose=Purpose.FEEDBACK, granted=True)
    consent_set(user=world.ben, purpose=Purpose.FEEDBACK, granted=False)
    person.browser.get(f"{person.origin}/accounts/login/")
    person.browser.execute_async_script(EARLIER, track)
    person.opens("/privacy/")
    person.sees("#summary", "you allow")
    opens_device(person)
    assert len(device(person, "log")) == 1
    device(person, "said", {"kind": "TRACK", "id": other, "word": "LIKE"})
    hers, whose = device(person, "history", "TRACK"), device(person, "owner")
    along = {"whose": whose, "kinds": {"TRACK": {"plays": [[track, 5, 0]]}}}
    device(person, "moving", along)  # and she closed the page
    assert hers["plays"] == [[track, 1, 0]], "what was kept before anybody was known is the first one's"

    signs_in_as(person, "ben")
    opens_device(person)
    person.sees("#kept", "plays 0, words 0")
    his = device(person, "owner")
    assert his != whose
    assert device(person, "log") == []
    device(person, "settled")
    assert device(person, "history", "TRACK")["plays"] == [], "what she took along is not his"
    device(person, "played", {"kind": "TRACK", "id": other})
    device(person, "keepFact", {"name": f"{his} day", "value": {"day": "2020-01-01", "first": "x"}})
    asked_of(person, "/")
    opens_device(person)
    assert asked_of(person, "/graphql") == 0, "that she allows reports is no permission of his"
    person.browser.delete_all_cookies()
    opens_device(person)
    assert device(person, "history", "TRACK")["plays"] == [[other, 1, 0]], "signed out, it stays whose it was"
    person.presses("#forget")
    person.presses("#forget-keep")
    assert device(person, "history", "TRACK")["plays"] == [[other, 1, 0]], "not before it was asked"
    person.presses("#forget")
    person.presses("#forget-sure")
    person.sees("#said", "You are signed out")
    assert person.find("#sign-in")[0].get_attribute("href").endswith("/accounts/login/?next=/device/")
    assert person.find("#sign-in")[0].is_displayed()

    signs_in_as(person, "ada")
    opens_device(person)
    assert device(person, "owner") == whose
    assert device(person, "history", "TRACK") == hers, "what he deleted was his"
    device(person, "settled")
    assert device(person, "history", "TRACK")["plays"] == [[track, 6, 0]]
    person.presses("details summary")
    person.presses(f'#history button[aria-label^="Delete: {world.favorites["ben"].title}"]')
    person.sees("#kept", "plays 6, words 0")


def test_where_a_browser_has_no_room_nothing_is_moved_and_it_says_so(world, visit):
    factories.listens(world.ada, world.favorites["ada"], 2)
    person = visit(language="de")
    person.opens("/privacy/")
    quota = {"origin": person.origin, "quotaSize": 1}
    person.browser.execute_cdp_cmd("Storage.overrideQuotaForOrigin", quota)
    person.presses("#device-only")
    person.presses("#device-sure")
    person.sees("#status", "Auf diesem Gerät ist kein Platz mehr.")
    assert User.objects.get(pk=world.ada.pk).on_device_since is None
    assert Listen.reports.filter(user=world.ada).exists()
    opens_device(person)
    person.sees("#said", "Auf diesem Gerät ist kein Platz mehr.")
