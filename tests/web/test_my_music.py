"""One's own music at a real browser: history, statistics, playlists; and the first steps of somebody new."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Consent, ConsentState, PersonalizationLevel, Purpose
from discovery.platform.graphql.node import global_id
from graph.models import Feedback, Listen, Playlist, PlaylistCollaborator, PlaylistEntry
from tests import factories
from tests.api.client import App
from tests.web.person import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def test_plays_go_when_the_message_has_gone_and_come_back_before(world, visit):
    now = timezone.now()
    (recent,) = factories.listens(world.ada, world.common, at=now - timedelta(hours=1))
    plays = Listen.objects.filter(user=world.ada).count()
    person = visit()
    person.opens("/music/")
    person.presses("#days .open-more")
    person.presses("#more .delete-one")
    person.sees("#status", "deleted for good when this message goes")
    assert not person.find("#days .tune-row")[0].is_displayed()
    assert person.find("#days .open-more:focus"), person.focused()
    person.presses("#undo")
    person.sees("#status", "Undone.")
    assert person.find("#days .tune-row")[0].is_displayed()
    assert Listen.objects.filter(user=world.ada).count() == plays
    person.presses("#days .open-more")
    person.presses("#more .delete-one")
    person.sees("#status", "deleted for good")
    person.presses("#status > .plain")
    person.until(lambda: not Listen.objects.filter(pk=recent.pk).exists(), "it is deleted")
    person.until(lambda: not person.find("#days .tune-row[hidden]"), "its line is gone")
    assert Listen.objects.filter(user=world.ada).count() == plays - 1

    person.presses("#days .open-more")
    person.presses("#more .correct")
    person.until(lambda: person.find("#correct[open]"), "the dialog")
    assert person.violations("light", "dark") == []
    person.browser.execute_script(
        "document.getElementById('correct-track').value = 'Another Ground';"
        "document.getElementById('correct-time').value = '2026-01-02T10:00:00'"
    )
    person.presses("#correct .primary")
    person.sees("#status", "Corrected: Another Ground")
    assert Listen.objects.filter(user=world.ada, track__title="Another Ground").count() == 1
    moved = "#days [data-artist]:has(.open-more:focus)"
    assert person.find(f"{moved} .cover"), person.focused()
    assert person.text(f"{moved} .title") == "Another Ground"
    assert person.texts("#days h2") == ["January 2, 2026", "January 1, 2026"]
    person.presses("#undo")
    person.sees("#status", "Undone.")
    assert person.texts("#days h2") == ["January 1, 2026"]  # a day without plays is no day

    person.presses("#days .day:last-child .row button")
    person.sees("#status", "January 1, 2026: deleted for good")
    person.presses(".parts [href='/music/statistics/']")  # whoever leaves does not wait for the message
    person.sees("h1", "Statistics")
    assert not Listen.objects.filter(user=world.ada).exists()  # so the next page asks for what is so then
    assert not person.find("#undo")
    assert Listen.objects.filter(user=world.ben).exists()
    assert person.complaints() == []


def test_the_tables_of_the_statistics_are_what_the_api_counts(world, visit):
    for hours in range(3):
        factories.listens(world.ada, world.common, at=timezone.now() - timedelta(minutes=hours))
    person = visit()
    person.opens("/music/statistics/")
    person.presses("#spans [data-span=year]")
    person.sees("#over-time", "Plays by month")
    year = timezone.now().year
    answer = App(world.ada).data(
        """query ($from: DateTime, $until: DateTime) { viewer { it: statistics(from: $from, until: $until) {
        plays topTracks { plays item { ... on Track { title artist { name } } } } topArtists { plays item { ... on Artist { name } } }
        overTime { counts { begin plays } } } } }""",
        **{"from": f"{year}-01-01T00:00:00Z"}, until=f"{year + 1}-01-01T00:00:00Z",
    )["viewer"]["it"]  # fmt: skip

    def table(selector):
        rows = person.find(f"{selector} tbody tr")
        return [
            [cell.get_attribute("textContent") for cell in row.find_elements("tag name", "td")]
            for row in rows
        ]

    assert table("[aria-labelledby=top-tracks]") == [
        [f"{row['item']['title']} – {row['item']['artist']['name']}", str(row["plays"])]
        for row in answer["topTracks"]
    ]
    assert table("[aria-labelledby=top-artists]") == [
        [row["item"]["name"], str(row["plays"])] for row in answer["topArtists"]
    ]
    months = table("[aria-labelledby=over-time]")
    assert [name for name, _ in months] == ["January", f"{timezone.now():%B}"]
    assert sum(int(count) for _, count in months) == answer["plays"] == 10
    assert len(person.find("#figures rect")) == 12
    person.presses("#span-earlier")
    person.sees("#figures", "No plays in this period.")


def test_a_long_playlist_is_shown_to_its_end_and_stays_so_when_one_is_taken_out(world, visit):
    playlist = Playlist.objects.create(owner=world.ada, title="Long")
    tracks = [factories.track(f"Song {number:03}", by=world.common.artist) for number in range(103)]
    PlaylistEntry.objects.bulk_create(
        PlaylistEntry(playlist=playlist, track=track, position=number) for number, track in enumerate(tracks)
    )
    person = visit()
    person.opens(f"/music/playlists/{global_id('Playlist', playlist.pk)}/")
    person.until(lambda: len(person.find("#entries .title")) == 100, "the first page")
    person.presses("#entries-more")
    person.until(lambda: len(person.find("#entries .title")) == 103, "all of it")
    assert not person.find("#entries-more")[0].is_displayed()
    assert person.find("#entries li:nth-child(101) button:focus"), person.focused()
    assert not person.find('#entries li:last-child [aria-label$="down"]')[0].is_enabled()
    person.presses("#entries li:nth-child(102) .take-out")
    person.sees("#status", "Song 101")
    assert person.texts("#entries .title")[-2:] == ["Song 100", "Song 102"]
    assert person.find("#entries li:nth-child(102) .take-out:focus"), person.focused()


def test_a_playlist_is_made_filled_put_in_order_and_shared(world, visit):
    person = visit()
    person.opens("/music/playlists/")
    person.sees("#playlists", "No playlist yet")
    person.types("#playlist-title", "Sunday")
    person.presses("#make-playlist button")
    person.presses("#playlists a")
    person.sees("h1", "Sunday")
    for text in ("ben", "cleo"):
        person.types("#add-text", f"{text}'s")
        person.sees("#add-hits", f"{text.title()}'s Favorite")
        person.presses("#add-hits button")
        person.sees("#entries", f"{text.title()}'s Favorite")
        person.find("#add-text")[0].clear()

    def order():
        entries = Playlist.objects.get().entries.order_by("position")
        return list(entries.values_list("track__title", flat=True))

    assert order() == ["Ben's Favorite", "Cleo's Favorite"]
    person.presses('#entries li:first-child [aria-label$="down"]')
    person.sees("#status", "Moved.")
    assert order() == person.texts("#entries .title") == ["Cleo's Favorite", "Ben's Favorite"]
    person.presses("#entries .take-out")
    person.sees("#status", "is out.")
    person.presses("#undo")
    person.until(lambda: order() == ["Cleo's Favorite", "Ben's Favorite"], "it is in again, at its place")
    person.until(lambda: person.texts("#entries .title") == order(), "the page shows it")
    person.presses("#share")
    person.presses("#more .to-edit")
    person.sees("#collaborators", "Ben: may edit")
    assert PlaylistCollaborator.objects.get().user == world.ben
    person.presses("#share")
    person.presses("#more-acts .row button")  # to listen
    person.sees("#collaborators", "Ben: may look and listen")
    person.presses("#undo")
    person.sees("#collaborators", "Ben: may edit")
    assert person.violations("light", "dark") == []
    person.presses("#collaborators button")
    person.until(lambda: not PlaylistCollaborator.objects.exists(), "it is not shared any more")
    assert person.complaints() == []


def test_somebody_new_is_led_to_first_recommendations(world, visit):
    eve = factories.listener("eve")
    eve.set_password(PASSWORD)
    eve.level = PersonalizationLevel.OFF
    eve.save()
    person = visit()
    person.opens("/", name="eve")
    person.until(person.find("#first-steps")[0].is_displayed, "somebody new is led")
    person.presses("#first-steps .primary")
    person.sees("h1", "Welcome to Earshot")
    person.until(lambda: person.find("#profile-name:enabled"), "the profile")
    person.find("#profile-name")[0].clear()
    person.types("#profile-name", "Eve of the Hills")
    person.presses("#profile button")
    person.sees("#status", "Saved.")
    person.presses("#allow-SELF")
    person.sees("#status", "My plays shape what I see: on.")
    assert Consent.objects.get(user=eve, purpose="SELF").state == ConsentState.GRANTED
    eve.refresh_from_db()
    assert eve.level == PersonalizationLevel.OWN, "what one says yes to counts"
    person.until(lambda: not person.find("#shield [data-level=OWN][hidden]"), "the shield says so")
    person.types("#pick-text", "Nerloo")
    person.until(lambda: set(person.texts("#picks .chip")) == {"Nerloo Choir"}, "what was looked for")
    person.presses("#picks label")
    person.sees("#picked", "2 more")
    assert Feedback.objects.get(user=eve).artist.name == "Nerloo Choir"
    person.presses("#look")
    person.until(lambda: person.find("#recommendations .title"), "recommendations")
    assert person.violations("light", "dark") == []
    eve.refresh_from_db()
    assert eve.display_name == "Eve of the Hills"
    assert person.complaints() == []


def test_the_line_says_what_was_not_used(world, visit):
    factories.revoke(world.ada, Purpose.SOCIAL_IN)
    person = visit()
    person.opens("/")
    person.sees("#made-from", "From your plays, likes and skips.")
    person.sees("#made-from", "Not allowed, and so not used: your friends' plays.")
    assert "share with you" not in person.text("#made-from")
