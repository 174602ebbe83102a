"""What staff rules of who is who: it holds for what was played and for what will be, and can be taken back."""

import itertools

import pytest
from django.core.management import CommandError, call_command

from discovery.platform.errors import Conflict, InvalidInput
from graph.ingest.catalog import namings_sweep
from graph.ingest.incoming import IncomingPlay
from graph.ingest.record import plays_ingest
from graph.models import Artist, ArtistName, CatalogRuling, Feedback, Listen, Naming, Track
from graph.services.feedback import feedback_give
from graph.services.rulings import artist_alias, items_merge, ruling_undo, words_split
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

M, N = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "1c4a3a44-0000-4c53-8d5c-0123456789ab"
_numbers = itertools.count(1)


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def tell(ada):
    def told(title="Ember", artist="Nadir Vale", **words):
        number = next(_numbers)
        moment = factories.NOON + number * factories.timedelta(minutes=10)
        play = IncomingPlay(
            source="app", source_id=f"{number}", listened_at=moment, title=title, artist=artist, **words
        )
        (verdict,) = plays_ingest(user=ada, plays=[play])
        return Listen.objects.select_related("track__artist").get(pk=verdict.listen_id).track

    return told


def played():
    return Listen.objects.values_list("track", flat=True).distinct().count()


def test_tracks_that_are_one_are_so_for_plays_to_come_and_until_it_is_taken_back(tell, ada):
    one, other = tell("Ember", mbid=M), tell("Embers at Dawn", mbid=N)
    feedback_give(user=ada, item=other, kind="LIKE")
    (ruling,) = items_merge(items=[one, other])
    assert {tell("Ember", mbid=M).pk, tell("Embers at Dawn", mbid=N).pk, tell("Other words", mbid=N).pk} == {
        one.pk
    }
    assert Track.objects.count() == 1
    assert Feedback.objects.get().track == one
    ruling_undo(ruling=ruling)
    first, second = (tell("Ember", mbid=mbid) for mbid in (M, N))
    assert first == one != second
    assert Listen.objects.filter(track=second).count() == 4  # what was played before went back with it
    with pytest.raises(Conflict):
        ruling_undo(ruling=ruling)


@pytest.mark.parametrize(
    "pair",
    [
        ({"title": "Ember"}, {"title": "Dawn"}),
        ({"title": "Ember", "mbid": M}, {"title": "Dawn"}),
        (
            {"title": "Ember", "isrc": "GBAYE0000351"},
            {"title": "Dawn", "uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC"},
        ),
        ({"title": "Ember", "album": "North"}, {"title": "Ember", "album": "South"}),
    ],
)
def test_whatever_they_go_by_and_whenever_it_is_said(tell, pair):
    """A ruling is one more word of many: what comes out does not depend on what came first."""
    tell("Something else")
    items_merge(items=[tell(**words) for words in pair])
    assert played() == 2
    Listen.reports.all().delete()
    namings_sweep(list(Naming.objects.values_list("pk", flat=True)))
    assert tell(**pair[1]) == tell(**pair[0])  # in the other order, where the ruling was there first
    assert tell("Something else").title == "Something else"


def test_words_that_do_not_mean_it_stand_for_themselves(tell):
    right, wrong = tell("Ember", mbid=M), tell("Cinder", mbid=M)
    assert right == wrong
    (ruling,) = words_split(words=[Naming.objects.get(title="Cinder")])
    apart = tell("Cinder", mbid=M)
    assert (apart.title, apart == right) == ("Cinder", False)
    assert tell("Ember", mbid=M) == right
    ruling_undo(ruling=ruling)
    assert tell("Cinder", mbid=M) == right
    assert played() == 1
    with pytest.raises(Conflict):
        words_split(words=list(Naming.objects.all()))


def test_artists_that_are_one_and_what_else_they_are_called(tell):
    one, other = tell("Ember", "Nadir Vale").artist, tell("Dawn", "N. Vale").artist
    (ruling,) = items_merge(items=[one, other])
    alias = artist_alias(artist=Artist.objects.get(pk=one.pk), name="Vale, Nadir")
    assert {tell(f"New {name}", name).artist for name in ("N. VALE", "nadir vale", "Vale, Nadir")} == {one}
    assert Artist.objects.count() == 1
    ruling_undo(ruling=ruling)
    assert tell("Dawn", "N. Vale").artist != one
    assert tell("New", "Vale, Nadir").artist == one
    ruling_undo(ruling=alias)
    assert tell("New", "Vale, Nadir").artist != one
    with pytest.raises(InvalidInput):
        artist_alias(artist=one, name="NADIR VALE")


def test_one_of_the_operators_stands_for_both_and_two_of_them_are_what_they_say(tell):
    brought = tell("Ember", "Nadir Vael").artist
    theirs = factories.artist("Nadir Vale")
    (ruling,) = items_merge(items=[brought, theirs])
    assert tell("Dawn", "nadir vael").artist == theirs
    assert not Artist.objects.filter(pk=brought.pk).exists()
    ruling_undo(ruling=ruling)
    assert tell("Dawn", "Nadir Vael").artist != theirs
    assert Artist.objects.filter(pk=theirs.pk).exists()
    with pytest.raises(Conflict):
        items_merge(items=[theirs, factories.artist("Nadir Vale II")])
    with pytest.raises(InvalidInput):
        items_merge(items=[theirs, theirs])


def test_a_track_of_the_operators_too_and_words_that_are_not_of_it(tell):
    theirs = factories.track("Ember", factories.artist("Nadir Vale"))
    other = tell("Embers", "Nadir Vale")
    (ruling,) = items_merge(items=[theirs, other])
    assert tell("Embers", "Nadir Vale") == theirs
    ruling_undo(ruling=ruling)
    assert tell("Embers", "Nadir Vale") != theirs
    assert tell("Ember", "Nadir Vale") == theirs
    words_split(words=[Naming.objects.get(title="Ember")])
    assert tell("Ember", "Nadir Vale") != theirs


def test_a_name_is_split_off(tell):
    first = tell("Ember", "Nadir Vale", artist_mbids=[M]).artist
    tell("Dawn", "N. Vale", artist_mbids=[M])
    words_split(words=[ArtistName.objects.get(name="N. Vale")])
    assert tell("Dusk", "N. Vale", artist_mbids=[M]).artist != first
    assert tell("Dusk", "Nadir Vale", artist_mbids=[M]).artist == first


def test_by_the_admin(tell, client, ada):
    one, other = tell("Ember"), tell("Dawn")
    chosen = {"action": "merge", "_selected_action": [one.pk, other.pk]}
    client.force_login(ada)
    client.post("/admin/graph/track/", chosen)
    assert not CatalogRuling.objects.exists()
    type(ada).objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    client.post("/admin/graph/track/", chosen)
    assert tell("Dawn") == tell("Ember") == one
    ruling = CatalogRuling.objects.get()
    assert "Dawn (Nadir Vale) = Ember" in client.get("/admin/graph/catalogruling/").content.decode()
    client.post("/admin/graph/catalogruling/", {"action": "undo", "_selected_action": [ruling.pk]})
    assert tell("Dawn") != one
    tell("Dusk", mbid=M)
    tell("Dawn", mbid=M)
    naming = Naming.objects.get(title="Dusk")
    client.post("/admin/graph/naming/", {"action": "split", "_selected_action": [naming.pk]})
    assert tell("Dusk", mbid=M) != tell("Dawn", mbid=M)


def test_by_the_command(tell, capsys):
    one, other = tell("Ember"), tell("Dawn")
    call_command("catalog_rule", "merge", "track", str(one.pk), str(other.pk))
    assert tell("Dawn") == tell("Ember")
    ruling = CatalogRuling.objects.get()
    call_command("catalog_rule", "list")
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == f"{ruling.pk}: track: Dawn (Nadir Vale) = Ember (Nadir Vale)"
    )
    call_command("catalog_rule", "undo", str(ruling.pk))
    assert tell("Dawn") != tell("Ember")
    for wrong in (
        ["merge", "track", "0", "1"],
        ["undo", str(ruling.pk)],
        ["split", "artist", "0"],
        ["alias", "0", "x"],
    ):
        with pytest.raises(CommandError):
            call_command("catalog_rule", *wrong)
