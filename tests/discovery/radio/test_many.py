"""A radio where candidates are proposed plays what it would with every item scored."""

import pytest

from discovery.radio import sources
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id
from discovery.radio.sources import Source
from discovery.radio.station import Station
from discovery.recommend.serving import index_for
from graph.models import Feedback, FeedbackKind, ItemKind
from graph.serving.ann import nearest_items
from graph.serving.places import positions
from tests import factories


@pytest.fixture
def playing(dial):
    user, tracks = dial
    factories.listens(user, tracks[2], 3)
    Feedback.objects.create(user=user, track=tracks[9], kind=FeedbackKind.HIDE, given_at=factories.NOON)
    radio = radio_start(viewer=user, seed_kind=SeedKind.TRACK, seed_id=tracks[5].pk, variety=0.5).radio
    return user, radio_advance(viewer=user, radio_id=public_id(radio), outcome=Outcome.SKIPPED).radio, tracks


def offered(station):
    hearing = station.hearing
    return {source: offer.rows.tolist() for source, offer in station._offered(hearing).items()}


def test_offers_and_reasons_are_those_of_every_item_scored(playing, settings, monkeypatch):
    user, radio, tracks = playing
    index = index_for(ItemKind.TRACK).index
    index.open[positions(index.ids, [tracks[14].pk])] = False
    exact = Station(user, radio)
    every, queue = offered(exact), exact.playing().queue.answer.items
    settings.EXACT_ITEMS = 1
    monkeypatch.setattr(sources, "DEEP", 4)
    nearest_items(index, wait=True)
    some = Station(user, radio)
    shown = offered(some)
    assert len(some.hearing.scores.rows) < len(
        tracks
    )  # proposed: what is known or not everybody's is not even scored
    hidden = positions(index.ids, [tracks[14].pk, tracks[9].pk, tracks[2].pk, tracks[5].pk]).tolist()
    assert not set(hidden) & set(some.hearing.scores.rows.tolist())
    for source in (Source.SUM, Source.SESSION, Source.MINUTE, Source.POPULAR):
        assert shown[source] == every[source]
    assert Source.FAR in shown  # exploring goes on
    again = some.playing().queue.answer.items
    assert [item.item for item in again] == [item.item for item in queue]
    for one, other in zip(queue, again, strict=True):
        assert other.score == pytest.approx(one.score, abs=1e-5)
        assert [reason.text for reason in other.reasons] == [reason.text for reason in one.reasons]
    ranked = some._ranking(some.hearing)
    there = positions(some.hearing.scores.rows, ranked.rows[1:])
    assert ranked.scores[1:] == pytest.approx(some.hearing.scores.whole[there], abs=1e-5)


def test_what_is_near_a_refused_item_is_held_back_by_lists_too(dial, settings):
    user, tracks = dial
    settings.EXACT_ITEMS = 1
    nearest_items(index_for(ItemKind.TRACK).index, wait=True)
    radio = radio_start(viewer=user, seed_kind=SeedKind.TRACK, seed_id=tracks[5].pk, variety=0.0).radio
    refused = radio.now.item_id
    after = radio_advance(viewer=user, radio_id=public_id(radio), outcome=Outcome.SKIPPED).radio
    place = [track.pk for track in tracks].index(refused)
    beside = {tracks[(place + step) % len(tracks)].pk for step in (-1, 1)}
    assert beside <= {item for item, _until in after.held}
