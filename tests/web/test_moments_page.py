"""Moments at a real browser: the calendar and the position are read in the page, and nothing of them leaves it."""

import json
from datetime import timedelta

import pytest

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.consent import consent_set, level_set
from discovery.models import Moment, ReadyPlaylists
from discovery.platform import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

# Planted where they are read, and looked for in everything that is sent.
PLANTED = {
    "title": "Run with Zephyrine", "place": "Quillmouth Harbor", "note": "bring the xylograph", "another": "Dentist Vandermolen",
    "file": "wistful-agenda", "latitude": "51.9137", "longitude": "7.6451",
}  # fmt: skip


def calendar(path):
    begin = clock.now() + timedelta(hours=3)
    path.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
        f"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{PLANTED['title']}\r\nLOCATION:{PLANTED['place']}\r\nDESCRIPTION:{PLANTED['note']}\r\n"
        f"DTSTART:{begin:%Y%m%dT%H}0300Z\r\nDURATION:PT44M\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\n"
        f"BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:{PLANTED['another']}\r\nDTSTART:{begin:%Y%m%dT%H%M%S}Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    return path


class Network:
    """Everything that a browser sends: addresses, headers and bodies, as its own protocol tells them."""

    def __init__(self, person):
        self.browser = person.browser
        self.sent = []

    def look(self):
        for entry in self.browser.get_log("performance"):
            # Without numbers, the browser's clocks among them: in their digits a coordinate is met by chance. What is sent is text.
            told = json.loads(entry["message"], parse_float=lambda _told: None, parse_int=lambda _told: None)
            message = told["message"]
            if message["method"].startswith("Network."):
                self.sent.append(json.dumps(message["params"], ensure_ascii=False))
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                if request.get("hasPostData") and "postData" not in request:
                    got = self.browser.execute_cdp_cmd(
                        "Network.getRequestPostData", {"requestId": message["params"]["requestId"]}
                    )
                    self.sent.append(got["postData"])
        return self.sent

    def leaked(self):
        text = "\n".join(self.look()).replace("\\\\", "\\")
        return {name for name, words in PLANTED.items() if words in text or words.split()[-1] in text}


def test_what_leaves_the_page_is_a_word_and_a_time(world, visit, tmp_path):
    for purpose in (Purpose.CALENDAR, Purpose.LOCATION):
        consent_set(user=world.ada, purpose=purpose, granted=True)
    level_set(user=world.ada, level=PersonalizationLevel.CONTEXT)
    person = visit()
    person.opens("/me/")
    network = Network(person)
    person.until(lambda: "No moment is told." in person.text("#moments"), "the page")

    (field,) = person.find("#calendar-file")
    field.send_keys(str(calendar(tmp_path / f"{PLANTED['file']}.ics")))
    person.sees("#calendar-said", "3 events of the next two weeks were read")
    assert len(person.texts("#calendar-found li")) == 2, "the dentist is nobody's business"
    assert not Moment.objects.exists(), "nothing is sent before one says so"
    assert not any("setMoments" in line for line in network.look())
    person.presses('#calendar-found button[aria-label*="Leave out"]')
    person.presses("#calendar-send")
    person.sees("#status", "Told.")
    told = Moment.objects.get()
    assert (told.label, told.purpose, told.minutes, told.starts_at.minute) == ("RUN", "CALENDAR", 40, 5)

    person.browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["geolocation"], "origin": person.origin}
    )
    person.browser.execute_cdp_cmd(
        "Emulation.setGeolocationOverride",
        {"latitude": float(PLANTED["latitude"]), "longitude": float(PLANTED["longitude"]), "accuracy": 20},
    )
    person.browser.execute_script("document.getElementById('place-label').value = 'SPORT'")
    person.presses("#place-form button")
    person.sees("#moment-places", "Workout")
    person.presses("#place-here")
    person.sees("#place-found", "Workout")
    person.presses("#place-send")
    person.until(
        lambda: Moment.objects.filter(purpose="LOCATION", label="SPORT").exists(), "the place's moment"
    )

    person.presses("#ready-playlists")
    person.until(ReadyPlaylists.objects.filter(user=world.ada).exists, "the wish")
    sent = network.look()
    assert any("setMoments" in line and '\\"RUN\\"' in line for line in sent), (
        "it was looked in the right place"
    )
    assert network.leaked() == set()
    assert person.violations("light", "dark") == []
    person.looks("moments")

    person.presses("#moments-forget button")
    person.sees("#status", "Forgotten.")
    assert Moment.objects.count() == 1
    for purpose in (Purpose.CALENDAR, Purpose.LOCATION):
        consent_set(user=world.ada, purpose=purpose, granted=False)
    assert not Moment.objects.exists(), "with the permission goes what was told"
    person.presses("#calendar-send")
    person.sees("#status", "This is not granted.")
    assert not Moment.objects.exists()
    assert network.leaked() == set()
    assert person.complaints() == []


def test_a_page_that_sent_a_title_would_be_found_out(world, visit):
    """The control of the search above."""
    person = visit()
    person.opens("/me/")
    network = Network(person)
    person.browser.execute_async_script(
        "fetch('/graphql/', { method: 'POST', body: arguments[0] }).finally(arguments[1])", PLANTED["title"]
    )
    assert network.leaked() == {"title"}
