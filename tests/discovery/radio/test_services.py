"""A radio from its start to a skip, and back from every loss."""

import numpy as np
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.models import PersonalizationLevel, Purpose
from accounts.signals import person_purging
from discovery.models import RadioChoice
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from discovery.radio import store
from discovery.radio.services import radio_advance, radio_get, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id, resume_word
from discovery.radio.station import Station
from discovery.recommend.evidence import gather
from graph.models import ItemKind
from tests import factories

pytestmark = pytest.mark.django_db


def begin(user, **options):
    return radio_start(viewer=user, **{"seed_kind": SeedKind.NOTHING, **options})


def advance(user, playing, outcome=Outcome.LISTENED, **options):
    return radio_advance(viewer=user, radio_id=public_id(playing.radio), outcome=outcome, **options)


def test_a_skipped_item_and_its_nearest_do_not_come_next_and_it_falls_in_the_sum(dial):
    user, tracks = dial
    places = {track.pk: number for number, track in enumerate(tracks)}
    playing = begin(user, seed_kind=SeedKind.TRACK, seed_id=tracks[3].pk)
    first = playing.radio.now.item_id
    before = Station(user, playing.radio).place_of(first)
    for step in range(15):
        item = playing.radio.now.item_id
        playing = advance(user, playing, Outcome.SKIPPED)
        if step == 0:
            assert Station(user, playing.radio).place_of(first) == len(tracks) - 1 > before
        if playing.radio.now is None:
            break
        away = abs(places[playing.radio.now.item_id] - places[item])
        assert min(away, len(tracks) - away) > 2  # the nearest five: two on each side, and a third


def test_no_item_comes_twice(dial):
    user, tracks = dial
    playing, items = begin(user), []
    while playing.radio.now is not None and len(items) < 30:
        items.append(playing.radio.now.item_id)
        playing = advance(user, playing, Outcome.LISTENED)
    assert len(items) == len(set(items)) == len(tracks)


def test_listening_draws_nearer_and_reasons_add_up(dial):
    user, tracks = dial
    playing = begin(user, seed_kind=SeedKind.TRACK, seed_id=tracks[6].pk)
    for recommendation in playing.queue.answer.items:
        total = sum(reason.cited.contribution for reason in recommendation.reasons) + recommendation.remainder
        assert total == pytest.approx(recommendation.score)
    nearest = playing.queue.answer.items[1].item
    assert nearest in tracks[4:9]


def test_every_choice_is_logged_with_the_probability_it_had(dial):
    user, _ = dial
    playing = begin(user)
    playing = advance(user, playing, Outcome.SKIPPED, ms_played=15_000)
    first, second = RadioChoice.objects.order_by("step")
    assert (first.outcome, first.reward) == (Outcome.SKIPPED, 0.25)
    assert (second.outcome, second.reward) == ("", None)
    assert 0 < first.propensity <= 1
    assert 0 < first.arm_propensity <= 1


def test_without_experiment_nothing_is_logged_and_the_radio_plays_on(dial):
    user, _ = dial
    factories.revoke(user, Purpose.EXPERIMENT)
    playing = advance(user, begin(user), Outcome.SKIPPED)
    assert playing.radio.now is not None
    assert not RadioChoice.objects.exists()


def test_off_plays_the_most_popular_to_everyone(dial):
    user, tracks = dial
    other = factories.sharer("other")
    for person in (user, other):
        person.level = PersonalizationLevel.OFF
        person.save()
        playing = begin(person)
        assert playing.now.item == tracks[0]
        assert advance(person, playing).now.item == tracks[1]


def test_it_comes_back_from_the_clients_word_when_redis_has_lost_it(dial):
    user, _ = dial
    factories.revoke(user, Purpose.EXPERIMENT)
    playing = advance(user, begin(user), Outcome.SKIPPED)
    store.client().flushdb()
    resumed = advance(user, playing, Outcome.SKIPPED, resume=resume_word(playing.radio))
    assert [each.item_id for each in resumed.radio.heard] == [
        *(each.item_id for each in playing.radio.heard), playing.radio.now.item_id,
    ]  # fmt: skip


def test_it_comes_back_from_the_log_when_redis_has_lost_it(dial):
    user, _ = dial
    playing = advance(user, begin(user), Outcome.SKIPPED)
    store.client().flushdb()
    back = radio_get(viewer=user, radio_id=public_id(playing.radio)).radio
    assert back.version == playing.radio.version
    assert back.now == playing.radio.now
    assert back.heard == playing.radio.heard


def test_it_begins_again_from_its_id_when_nothing_else_is_left(dial):
    user, tracks = dial
    factories.revoke(user, Purpose.EXPERIMENT)
    playing = begin(user, seed_kind=SeedKind.TRACK, seed_id=tracks[3].pk)
    store.client().flushdb()
    again = advance(user, playing)
    assert (again.radio.id, again.radio.seed_id) == (playing.radio.id, tracks[3].pk)
    assert again.radio.now is not None


def test_it_plays_on_while_redis_is_away(dial, monkeypatch):
    user, _ = dial
    playing = begin(user)
    away = redis.Redis(unix_socket_path="/nowhere.sock", socket_timeout=0.1)
    monkeypatch.setattr(store, "client", lambda: away)
    after = advance(user, playing, Outcome.SKIPPED, resume=resume_word(playing.radio))
    assert after.radio.version == 1
    assert after.radio.now.item_id != playing.radio.now.item_id


def test_a_radio_is_its_listeners_alone(dial):
    user, _ = dial
    playing, stranger = begin(user), factories.sharer("stranger")
    with pytest.raises(NotFound):
        advance(stranger, playing)
    with pytest.raises(NotFound):
        radio_advance(viewer=user, radio_id=public_id(playing.radio)[:-1] + "!")
    with pytest.raises(InvalidInput):
        advance(user, playing, resume=resume_word(begin(user).radio))
    assert radio_get(viewer=user, radio_id=public_id(playing.radio)).radio == playing.radio


def test_a_step_is_taken_once(dial):
    user, _ = dial
    playing = begin(user)
    advance(user, playing, step=0)
    with pytest.raises(Conflict):
        advance(user, playing, step=0)
    with pytest.raises(Conflict):
        store.radio_save(user=user, radio=playing.radio)
    assert store.radio_load(user=user, radio_id=public_id(playing.radio)).version == 1


def test_only_a_friend_who_shares_is_a_seed(dial):
    user, tracks = dial
    friend, stranger = factories.sharer("friend"), factories.sharer("stranger")
    factories.befriended(user, friend)
    factories.listens(friend, tracks[12], 3)
    playing = begin(user, seed_kind=SeedKind.FRIEND, seed_id=friend.pk)
    assert playing.radio.now is not None
    for nobody in (stranger.pk, user.pk, 0):
        with pytest.raises(NotFound):
            begin(user, seed_kind=SeedKind.FRIEND, seed_id=nobody)
    factories.revoke(friend, Purpose.SOCIAL_OUT)
    with pytest.raises(NotFound):
        begin(user, seed_kind=SeedKind.FRIEND, seed_id=friend.pk)
    after = advance(user, playing)
    assert not any(
        reason.cited.kind == "FRIEND" for one in after.queue.answer.items for reason in one.reasons
    )


@pytest.mark.parametrize("variety", [-0.1, 1.1])
def test_variety_outside_its_range_is_refused_and_nothing_is_kept(dial, variety):
    user, _ = dial
    with pytest.raises(InvalidInput):
        begin(user, variety=variety)
    assert not RadioChoice.objects.exists()
    assert store.client().dbsize() == 0


def test_a_tag_is_a_seed_where_it_exists(dial):
    user, _ = dial
    with pytest.raises(NotFound):
        begin(user, seed_kind=SeedKind.TAG, seed_id=404)


def test_the_session_outweighs_nothing_else_than_what_was_said(dial):
    user, tracks = dial
    playing = advance(user, begin(user, seed_kind=SeedKind.TRACK, seed_id=tracks[0].pk), Outcome.LIKED)
    assert np.array_equal([each.reward for each in playing.radio.heard], [1.0])


def test_every_skip_sinks_its_item_beneath_everything_else(dial):
    user, tracks = dial
    playing = begin(user)
    for _ in range(8):
        if playing.radio.now is None:
            break
        item = playing.radio.now.item_id
        before = Station(user, playing.radio).place_of(item)
        playing = advance(user, playing, Outcome.SKIPPED)
        assert Station(user, playing.radio).place_of(item) == len(tracks) - 1 > before


def test_an_erasure_forgets_the_radios_of_that_person_alone(dial):
    user, _ = dial
    playing, other = begin(user), begin(factories.sharer("other"))
    person_purging.send(sender=type(user), user=user)
    kept = list(store.client().scan_iter("earshot:radio*"))
    assert sorted(kept) == sorted(
        [f"earshot:radio:{other.radio.id}", f"earshot:radios:{other.radio.user_id}"]
    )
    assert playing.radio.id not in "".join(kept)
    person_purging.send(sender=type(user), user=user)  # may be sent again


def test_an_erasure_does_not_pass_while_redis_cannot_be_asked(dial, monkeypatch):
    user, _ = dial
    away = redis.Redis(unix_socket_path="/nowhere.sock", socket_timeout=0.1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(store, "client", lambda: away)
    with pytest.raises(redis.RedisError):
        person_purging.send(sender=type(user), user=user)


def test_a_friend_without_a_name_is_no_seed(dial):
    """What such a radio plays would be theirs alone, though their plays are heard in company."""
    user, tracks = dial
    friends = [factories.sharer(name) for name in ("ben", "cleo", "dora")]
    factories.befriended(user, *friends)
    for friend in friends:
        factories.listens(friend, tracks[12], 3)
    begin(user, seed_kind=SeedKind.FRIEND, seed_id=friends[0].pk)
    for friend in friends:
        factories.revoke(friend, Purpose.NAMED)
    assert len(gather(user, ItemKind.TRACK, level=PersonalizationLevel.SOCIAL).friends) == 3
    with pytest.raises(NotFound):
        begin(user, seed_kind=SeedKind.FRIEND, seed_id=friends[0].pk)
