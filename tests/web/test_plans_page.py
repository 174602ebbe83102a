"""A playlist of words at a real browser: what is understood, taken out and changed, and made."""

import pytest

from discovery.models import PlaylistPlanKept
from graph.models import Listen, Playlist, PlaylistEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def test_words_become_a_plan_and_a_plan_a_playlist(world, visit):
    person = visit()
    person.opens("/music/playlists/")
    person.types("#plan-text", "3 songs for xyzzy, nothing I know")
    person.presses("#plan-words .primary")
    person.sees("#plan-parts", "nothing you know")
    person.sees("#plan-unclear", "“xyzzy”")
    person.sees("#plan-size", "3 songs")
    heard = set(Listen.objects.filter(user=world.ada).values_list("track__title", flat=True))
    assert heard.isdisjoint(person.texts("#plan-tracks .title"))
    assert not Playlist.objects.filter(owner=world.ada).exists()
    assert person.violations("light", "dark") == []

    person.browser.execute_script(
        "const field = document.getElementById('plan-count');"
        "field.value = 5; field.dispatchEvent(new Event('change'))"
    )
    person.sees("#plan-size", "5 songs")
    person.presses("#out-unheard")
    person.until(lambda: "nothing you know" not in person.text("#plan-parts"), "the part is out")
    person.until(lambda: heard & set(person.texts("#plan-tracks .title")), "what she knows may come")
    person.presses("#plan-make")
    person.sees("#status", "is among your playlists")
    person.sees("#playlists", "5 songs")
    kept = PlaylistPlanKept.objects.get(user=world.ada)
    assert PlaylistEntry.objects.filter(playlist=kept.playlist).count() == 5
    assert "unheard" not in kept.grammar
    person.presses("#status > .plain")  # the message goes
    person.presses("#playlists a.title")
    person.sees("#plan-grammar", "count:5")
    person.presses("#plan-why")
    person.until(lambda: len(person.find("#more[open] ol li")) == 5, "why each of them")
    person.presses("#more button")
    person.browser.execute_script(
        "const pace = document.getElementById('plan-refresh'); pace.value = 'WEEKLY'; pace.dispatchEvent(new Event('change'))"
    )
    person.sees("#status", "It is made anew every week.")
    assert PlaylistPlanKept.objects.get().due_at is not None
    assert person.violations("light", "dark") == []
    person.presses("#undo")
    person.until(lambda: PlaylistPlanKept.objects.get().due_at is None, "never again")
    assert person.complaints() == []


def test_what_was_made_is_undone(world, visit):
    person = visit()
    person.opens("/music/playlists/")
    person.types("#plan-text", "2 songs")
    person.presses("#plan-words .primary")
    person.sees("#plan-size", "2 songs")
    person.presses("#plan-make")
    person.sees("#playlists", "2 songs")
    person.presses("#undo")
    person.until(lambda: not Playlist.objects.filter(owner=world.ada).exists(), "it is gone again")
    assert person.complaints() == []


def test_what_nobody_understands_is_told_in_the_readers_language(world, visit):
    person = visit(language="de")
    person.opens("/music/playlists/")
    person.types("#plan-text", "xyzzy plugh")
    person.presses("#plan-words .primary")
    person.sees("#status", "Nichts davon sagt, was für eine Playlist es sein soll.")
    assert not person.find("#plan")[0].is_displayed()
    person.types("#plan-text", " 3 Lieder, nichts, was ich kenne")
    person.presses("#plan-words .primary")
    person.sees("#plan-parts", "nichts, was du kennst")
    assert person.complaints() == []
