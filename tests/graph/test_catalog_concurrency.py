"""Two people record the same new artist at once, each in a transaction of their own."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from graph.ingest.catalog import namings_get_or_create
from graph.ingest.clean import Words
from graph.ingest.credits import credit
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.ingest.record import plays_ingest
from graph.models import Artist, Listen, Naming, Track
from tests import factories

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _words(title, artist):
    return Words(title=title, artist=artist, credit=credit(artist))


def _named(title, artist):
    return [naming.track_id for naming in namings_get_or_create([_words(title, artist)]).values()]


def _add(title, artist):
    try:
        with transaction.atomic():
            return _named(title, artist)
    finally:
        connection.close()


def _waits():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_who_is_later_waits_and_finds_it():
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            (first,) = _named("Svefn-g-englar", "Sigur Rós")
            other = pool.submit(_add, "Svefn-g-englar", "SIGUR ROS")
            while not _waits() and not other.done():
                time.sleep(0.01)
            assert not other.done()
        (second,) = other.result()
    assert Artist.objects.get().name == "Sigur Rós"
    assert Track.objects.get().pk == first == second


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_another_name():
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        _named("Svefn-g-englar", "Sigur Rós")
        assert pool.submit(_add, "Human Behaviour", "Björk").result(timeout=60)
    assert Artist.objects.count() == 2


MBID, ISRC, URI = (
    "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae",
    "GBAYE0000351",
    "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
)


def _tell(user, barrier, **words):
    at = timezone.now() - timedelta(days=1)
    play = IncomingPlay(
        source="app", source_id="1", listened_at=at, title="Ember", artist="Nadir Vale", **words
    )
    try:
        barrier.wait(timeout=60)
        return [verdict.outcome for verdict in plays_ingest(user=user, plays=[play])]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other", "tracks"),
    [
        ({"mbid": MBID}, {"isrc": ISRC}, 1),
        ({"isrc": ISRC}, {"uri": URI}, 1),
        ({"mbid": MBID, "uri": URI}, {"uri": URI}, 1),
        ({}, {"mbid": MBID}, 1),
        ({"mbid": MBID}, {"mbid": MBID.replace("8", "9")}, 2),
    ],
)
def test_the_same_recording_under_different_identifiers_at_once(one, other, tracks):
    for attempt in range(5):
        people = [factories.sharer(f"player{attempt}{number}") for number in range(2)]
        barrier = Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            told = [
                pool.submit(_tell, user, barrier, **words)
                for user, words in zip(people, (one, other), strict=True)
            ]
            assert [done.result() for done in told] == [[Outcome.STORED]] * 2
        assert Listen.objects.filter(user__in=people).count() == 2
        assert Naming.objects.values("track").distinct().count() == Track.objects.count() == tracks
        assert Artist.objects.count() == 1
        for model in (Listen, Naming, Track, Artist):
            model.objects.all().delete()
