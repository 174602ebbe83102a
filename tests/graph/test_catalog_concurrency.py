"""Two people record the same new artist at once, each in a transaction of their own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from graph.ingest.catalog import tracks_named
from graph.ingest.clean import Words
from graph.ingest.credits import credit
from graph.models import Artist, Track

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _words(title, artist):
    return Words(title=title, artist=artist, credit=credit(artist))


def _add(title, artist):
    try:
        with transaction.atomic():
            return tracks_named([_words(title, artist)])
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
            (first,) = tracks_named([_words("Svefn-g-englar", "Sigur Rós")])
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
        tracks_named([_words("Svefn-g-englar", "Sigur Rós")])
        assert pool.submit(_add, "Human Behaviour", "Björk").result(timeout=60)
    assert Artist.objects.count() == 2
