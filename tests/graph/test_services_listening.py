"""Recording plays: only with consent, each once, and every refused one with its code."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Purpose
from accounts.services.consent import consent_set
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.models import Artist, Listen, Track
from graph.services.listening import MAX_PLAYS, listens_record
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

KISS = {"title": "Kiss", "artist": "Björk"}
MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


def play(track, source_id="1", **fields):
    given = {"source": "app", "source_id": source_id, "listened_at": factories.NOON, "ms_played": 60_000}
    told = {"track": track} if isinstance(track, int) else track
    return IncomingPlay(**told | given | fields)


@pytest.fixture
def recorder():
    return factories.answered(factories.listener(), Purpose.RECORD)


def test_stores_a_play_of_a_known_track(recorder):
    song = factories.track()
    answer = listens_record(user=recorder, plays=[play(song.pk)])

    assert (answer.stored, answer.duplicates, answer.refusals) == (1, 0, [])
    stored = Listen.objects.get()
    assert (stored.user, stored.track, stored.listened_at, stored.ms_played, stored.source, stored.source_id) == (
        recorder, song, factories.NOON, 60_000, "app", "1",
    )  # fmt: skip


@pytest.mark.parametrize("purposes", [[], [Purpose.SELF, Purpose.CONTRIBUTE]])
def test_without_record_nothing_is_stored(purposes):
    user = factories.answered(factories.listener(), *purposes)
    with pytest.raises(ConsentMissing):
        listens_record(user=user, plays=[play(KISS)])
    assert not Listen.objects.exists()
    assert not Artist.objects.exists()


def test_after_a_withdrawal_nothing_is_stored(recorder):
    consent_set(user=recorder, purpose=Purpose.RECORD, granted=False)
    with pytest.raises(ConsentMissing):
        listens_record(user=recorder, plays=[play(factories.track().pk)])
    assert not Listen.objects.exists()


def test_the_same_source_id_counts_once(recorder):
    song = factories.track()
    first = listens_record(user=recorder, plays=[play(song.pk), play(song.pk), play(KISS, "2")])
    again = listens_record(
        user=recorder, plays=[play(KISS), play(KISS, "2"), play(song.pk, "1", source="other")]
    )

    assert (first.stored, first.duplicates) == (2, 1)
    assert (again.stored, again.duplicates, again.count(Outcome.CORRECTED)) == (1, 1, 1)
    assert Listen.objects.count() == 3


def test_without_a_name_of_its_own_moment_and_track_name_a_play(recorder):
    first, later = play(KISS, None), play(KISS, None, listened_at=factories.NOON + timedelta(seconds=1))
    answer = listens_record(user=recorder, plays=[first, first, later])

    assert (answer.stored, answer.duplicates) == (2, 1)
    assert listens_record(user=recorder, plays=[later, first]).duplicates == 2


def test_two_listeners_may_use_the_same_source_id(recorder):
    other = factories.answered(factories.listener(), Purpose.RECORD)
    for user in (recorder, other):
        assert listens_record(user=user, plays=[play(KISS)]).stored == 1


def test_a_named_track_is_found_again_whatever_its_case_and_accents(recorder):
    names = [
        KISS,
        {"title": "  KISS ", "artist": "bjork"},
        {"title": "kiss", "artist": "BJO\u0308RK", "album": "Live"},
    ]
    listens_record(user=recorder, plays=[play(name, str(number)) for number, name in enumerate(names)])
    listens_record(user=recorder, plays=[play(names[1], "9")])

    assert Artist.objects.get().name == "Björk"
    assert Track.objects.get().title == "Kiss"
    assert Listen.objects.count() == 4


def test_a_recording_id_finds_the_track_under_another_name(recorder):
    song = factories.track(mbid=MBID)
    listens_record(user=recorder, plays=[play({"title": "x", "artist": "y", "mbid": MBID.upper()})])
    assert Listen.objects.get().track == song


def test_the_album_chooses_between_tracks_of_one_title(recorder):
    band = factories.artist("Band")
    studio, live = (factories.track("Song", band, album=album) for album in ("Studio", "Live"))
    for number, (album, expected) in enumerate([("live", live), ("Studio", studio), ("", studio)]):
        name = {"title": "song", "artist": "band", "album": album}
        listens_record(user=recorder, plays=[play(name, f"{number}")])
        assert Listen.objects.get(source_id=f"{number}").track == expected


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"listened_at": timezone.now() + timedelta(days=1)}, "INVALID_TIME", "listenedAt"),
        ({"listened_at": factories.NOON.replace(year=2002, month=9, day=30)}, "INVALID_TIME", "listenedAt"),
        ({"listened_at": factories.NOON.replace(year=1)}, "INVALID_TIME", "listenedAt"),
        ({"listened_at": "01 Mar 2021, 10:05"}, "INVALID_TIME", "listenedAt"),
        ({"listened_at": float("nan")}, "INVALID_TIME", "listenedAt"),
        ({"source": ""}, "INVALID_EMPTY", "source"),
        ({"source": "x" * 41}, "INVALID_TOO_LONG", "source"),
        ({"source_id": " "}, "INVALID_EMPTY", "sourceId"),
        ({"source_id": ["a"]}, "INVALID_TYPE", "sourceId"),
        ({"source_id": "a\0b"}, "INVALID_CHARACTERS", "sourceId"),
        ({"source_id": "\ud800"}, "INVALID_CHARACTERS", "sourceId"),
        ({"track": 999_999_999}, "NOT_FOUND", "trackId"),
        ({**KISS, "title": ""}, "INVALID_EMPTY", "track.title"),
        ({**KISS, "title": "\u200b"}, "INVALID_EMPTY", "track.title"),
        ({**KISS, "title": 7}, "INVALID_TYPE", "track.title"),
        ({**KISS, "title": "x" * 1001}, "INVALID_TOO_LONG", "track.title"),
        ({**KISS, "artist": "\0"}, "INVALID_CHARACTERS", "track.artist"),
        ({**KISS, "artist": None}, "INVALID_EMPTY", "track.artist"),
    ],
)
def test_a_bad_play_is_refused_and_the_good_ones_are_stored(recorder, change, code, field):
    song = factories.track()
    told = {"track": song.pk} if "title" not in change else {}
    bad = replace(play(change.get("track", {**told, **change}), "bad"), **change)

    answer = listens_record(user=recorder, plays=[play(song.pk, "a"), bad, play(song.pk, "b")])

    assert answer.stored == 2
    assert [(refusal.index, refusal.code, refusal.field) for refusal in answer.refusals] == [(1, code, field)]
    assert Listen.objects.count() == 2
    assert Track.objects.get() == song


@pytest.mark.parametrize(
    ("part", "code", "field"),
    [
        ({"ms_played": -1}, "INVALID_DURATION", "msPlayed"),
        ({"ms_played": 86_400_001}, "INVALID_DURATION", "msPlayed"),
        ({"ms_played": 3_000_000_000}, "INVALID_DURATION", "msPlayed"),
        ({"album": "x" * 1001}, "INVALID_TOO_LONG", "track.album"),
        ({"mbid": "kiss"}, "INVALID_MBID", "track.mbid"),
        ({"isrc": "n/a"}, "INVALID_ISRC", "track.isrc"),
        ({"duration_ms": 0}, "INVALID_DURATION", "track.durationMs"),
        ({"uri": {"a": 1}}, "INVALID_URI", "track.uri"),
    ],
)
def test_a_bad_part_never_costs_the_play(recorder, part, code, field):
    (verdict,) = listens_record(user=recorder, plays=[play(KISS, **part)]).verdicts

    assert verdict.outcome == Outcome.STORED
    assert [(dropped.field, dropped.code) for dropped in verdict.dropped] == [(field, code)]
    stored = Listen.objects.get()
    assert stored.ms_played == (None if "ms_played" in part else 60_000)
    assert (stored.track.mbid, stored.track.isrc, stored.track.duration_ms, stored.track.album) == (
        "",
        "",
        None,
        "",
    )


def test_an_id_in_an_address_is_taken_out_of_it(recorder):
    (verdict,) = listens_record(
        user=recorder, plays=[play({**KISS, "mbid": f"https://musicbrainz.org/recording/{MBID.upper()}"})]
    ).verdicts
    assert [(dropped.field, dropped.code) for dropped in verdict.dropped] == [("track.mbid", "MENDED")]
    assert Track.objects.get().mbid == MBID


def test_a_play_that_could_not_be_read_keeps_its_place(recorder):
    answer = listens_record(user=recorder, plays=[InvalidInput("no", code="INVALID_ID"), play(KISS)])
    assert [(refusal.index, refusal.code) for refusal in answer.refusals] == [(0, "INVALID_ID")]
    assert answer.stored == 1


def test_too_many_plays_are_refused_altogether(recorder):
    plays = [play(KISS, str(number)) for number in range(MAX_PLAYS + 1)]
    with pytest.raises(LimitExceeded):
        listens_record(user=recorder, plays=plays)
    assert not Listen.objects.exists()
    assert listens_record(user=recorder, plays=plays[:MAX_PLAYS]).stored == MAX_PLAYS


def test_emoji_survive(recorder):
    listens_record(user=recorder, plays=[play({"title": "🎈", "artist": "👩‍🎤"})])
    assert Track.objects.select_related("artist").get().title == "🎈"


def test_the_number_of_queries_does_not_grow(recorder, django_assert_num_queries):
    few, many = (
        [play({"title": f"{count}-{number}", "artist": f"{count} {number}"}, f"{count}-{number}") for number in range(count)]
        for count in (3, 30)
    )  # fmt: skip
    for plays in (few, many):
        # PostgreSQL is also asked for the lock on names; SQLite has one writer at a time anyhow.
        with django_assert_num_queries(37 if connection.vendor == "postgresql" else 35):
            listens_record(user=recorder, plays=plays)


class IdempotenceTest(TestCase):
    @settings(deadline=None, max_examples=40)
    @given(numbers=st.lists(st.integers(0, 5), max_size=12), cut=st.integers(0, 12))
    def test_however_it_is_cut_and_repeated_each_play_is_stored_once(self, numbers, cut):
        user = factories.answered(factories.listener(), Purpose.RECORD)
        plays = [play(KISS, f"{number}") for number in numbers]
        answers = [listens_record(user=user, plays=part) for part in (plays[:cut], plays[cut:], plays)]

        assert Listen.objects.filter(user=user).count() == len(set(numbers))
        assert sum(answer.stored for answer in answers) == len(set(numbers))
        assert sum(answer.duplicates for answer in answers) == 2 * len(numbers) - len(set(numbers))
