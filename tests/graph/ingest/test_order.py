"""Plays and catalog are a function of the set of reports: whatever order they came in, whatever was there meanwhile."""

import os
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.intake import restoring
from accounts.models import Purpose
from discovery.platform.names import digest, name_key
from graph.ingest.catalog import namings_sweep
from graph.ingest.credits import title_key
from graph.ingest.identity import name_identity
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.ingest.plays import plays_gather
from graph.ingest.record import plays_ingest
from graph.models import Artist, ArtistName, CatalogRuling, Listen, Naming, Track
from tests import factories

EXAMPLES = int(os.environ.get("EARSHOT_ORDERS", "20"))

pytestmark = [pytest.mark.sqlite]

A, B = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "1c4a3a44-0000-4c53-8d5c-0123456789ab"
FIRST, SECOND = "11111111-7e6a-48da-86a9-c1c07a0f47ae", "22222222-7e6a-48da-86a9-c1c07a0f47ae"

REPORTS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["spotify", "lastfm", "navidrome"]),
        "title": st.sampled_from(["Ember", "EMBER", "Ember (feat. Otto Plum)", "Dawn"]),
        "artist": st.sampled_from(["Nadir Vale", "nadir vale", "Nadir Vale feat. Otto Plum"]),
        "album": st.sampled_from(["", "", "North", "South"]),
        "mbid": st.sampled_from(["", "", A, B]),
        "isrc": st.sampled_from(["", "", "GBAYE0000351", "USRC17607839"]),
        "uri": st.sampled_from(["", "", "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "spotify:track:0VjIjW4GlUZAMYd2vXMi3b"]),
        "duration_ms": st.sampled_from([None, 200_000, 201_000]),
        "ms_played": st.sampled_from([None, 5_000, 200_000]),
        "artist_mbids": st.sampled_from([None, None, [FIRST], [SECOND]]),
        "at": st.integers(0, 8),  # half minutes
    }
)  # fmt: skip


_NAME = digest(name_key("Nadir Vale"), title_key("Ember"))
ENDS = [
    (f"mbid:{A}", ""), (f"mbid:{B}", ""), ("isrc:GBAYE0000351", ""), ("uri:spotify:track:4uLU6hMCjMI75M1A2tKUQC", ""),
    (name_identity(_NAME, "", ""), _NAME), (name_identity(_NAME, "", name_key("North")), _NAME),
]  # fmt: skip
RULINGS = st.builds(
    lambda kind, one, other: {"kind": kind, "one": one[0], "one_name": one[1], "other": other[0], "other_name": other[1]},
    st.sampled_from(["SAME", "APART"]), st.sampled_from(ENDS), st.sampled_from(ENDS),
)  # fmt: skip


def told(number, at, **fields):
    moment = factories.NOON + timedelta(seconds=30 * at)
    return IncomingPlay(source_id=f"{number}", listened_at=moment, **fields)


def tell(user, reports, order):
    for number in order:
        plays_ingest(user=user, plays=[told(number, **reports[number])])


def catalog():
    """All that the reports brought, without keys of rows."""
    tracks = {
        track.pk: (
            track.identity, track.title, track.artist.identity, track.album, track.mbid, track.isrc, track.duration_ms,
            tuple(track.guests.order_by("position").values_list("artist__identity", flat=True)),
        )
        for track in Track.objects.select_related("artist")
    }  # fmt: skip
    used = {pk for pk in tracks if Naming.objects.filter(track=pk).exists()}
    plays = {
        (row.source, row.source_id): (
            tracks[row.track_id], row.naming.digest, row.echo_of and (row.echo_of.source, row.echo_of.source_id)
        )
        for row in Listen.reports.select_related("naming", "echo_of")
    }  # fmt: skip
    artists = {
        (artist.identity, artist.name, artist.mbid)
        for artist in Artist.objects.filter(
            pk__in=ArtistName.objects.filter(credited__isnull=False).values("artist")
        )
    }
    return {tracks[pk] for pk in used}, plays, artists


def forget(user):
    with restoring():
        Listen.reports.filter(user=user).delete()
    namings_sweep(list(Naming.objects.values_list("pk", flat=True)))
    Track.objects.all().delete()
    ArtistName.objects.all().delete()
    Artist.objects.all().delete()


class OrderTest(TestCase):
    @settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(
        reports=st.lists(REPORTS, min_size=1, max_size=7),
        seed=st.integers(0, 2**16),
        extra=st.lists(REPORTS, max_size=2),
        ruled=st.lists(RULINGS, max_size=3),
    )
    def test_the_order_makes_no_difference_nor_does_what_came_and_went(self, reports, seed, extra, ruled):
        user = factories.answered(factories.listener(), Purpose.RECORD)
        numbers = list(range(len(reports)))
        for fields in ruled:
            CatalogRuling.objects.create(of="TRACK", **fields)
        tell(user, reports, numbers)
        expected = catalog()
        forget(user)

        mixed = numbers.copy()
        random.Random(seed).shuffle(mixed)  # noqa: S311  # an order, no secret
        tell(user, reports, mixed)
        assert catalog() == expected

        # Told and taken away again, by an import that is undone.
        more = {f"x{number}": report for number, report in enumerate(extra)}
        tell(user, more, more)
        gone = Listen.reports.filter(user=user, source_id__startswith="x")
        namings, keys = set(gone.values_list("naming", flat=True)), list(gone.values_list("pk", flat=True))
        with restoring():
            Listen.reports.filter(echo_of__in=keys).update(echo_of=None)
        tracks = set(Listen.reports.filter(user=user).values_list("track", flat=True))
        gone.delete()
        plays_gather(user.pk, tracks=tracks)
        namings_sweep(namings)
        assert catalog() == expected

    def test_a_correction_leaves_what_would_be_there_without_what_was_wrong(self):
        user = factories.answered(factories.listener(), Purpose.RECORD)
        right = {"source": "app", "title": "Ember", "artist": "Nadir Vale", "mbid": A, "at": 0}
        tell(user, {"1": right}, ["1"])
        expected = catalog()
        forget(user)

        tell(user, {"1": {**right, "title": "Embre", "mbid": B}}, ["1"])
        (verdict,) = plays_ingest(user=user, plays=[told("1", **right)])
        assert verdict.outcome == Outcome.CORRECTED
        assert catalog() == expected
