"""What is kept by reference, and what was chosen from people's plays, is asked for anew whenever it is read."""

import pytest

from accounts.models import Block, Purpose
from accounts.services.consent import consent_set, consent_withdraw_all
from discovery.platform.graphql.node import global_id
from discovery.radio import log, store
from discovery.radio.services import radio_get, radio_start
from discovery.radio.session import SeedKind, public_id
from discovery.room.selectors import room_get
from discovery.room.services import room_create, room_join, rooms_refresh
from graph.models import ItemKind, Playlist
from graph.services.exclusions import taste_exclusion_set
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db
TRACK = ItemKind.TRACK


@pytest.fixture
def world(serve, redis_url, monkeypatch):
    """Ada plays nothing; what Ben plays stands first for her, as he shares it."""
    monkeypatch.setattr(log, "_learned", None)
    store._clients.clear()
    world = factories.triangle_of_friends()
    world.ada.listens.all().delete()
    others = [factories.track(f"Other {number}") for number in range(4)]
    ids = [world.favorites["ben"].pk, world.favorites["cleo"].pk, *(track.pk for track in others)]
    vectors = [[1.0, 0.0], [0.0, 1.0], *([0.1, 0.1] for _ in others)]
    serve(TRACK, small_index(vectors, ids=ids, prior=[0.0, 0.0, 0.4, 0.3, 0.2, 0.1]))
    return world


WITHDRAWALS = {
    "the friend": lambda world: consent_set(user=world.ben, purpose=Purpose.SOCIAL_OUT, granted=False),
    "everything of the friend's": lambda world: consent_withdraw_all(user=world.ben),
    "the viewer": lambda world: consent_set(user=world.ada, purpose=Purpose.SOCIAL_IN, granted=False),
    "a block": lambda world: Block.objects.create(blocker=world.ben, blocked=world.ada),
}


@pytest.mark.parametrize("end", WITHDRAWALS)
def test_a_radio_does_not_keep_what_was_chosen_by_plays_that_are_withdrawn(world, end):
    playing = radio_start(viewer=world.ada, seed_kind=SeedKind.FRIEND, seed_id=world.ben.pk, kind=TRACK)
    begun = public_id(playing.radio)
    assert radio_get(viewer=world.ada, radio_id=begun).radio == playing.radio, "it stands while they share"
    WITHDRAWALS[end](world)
    after = radio_get(viewer=world.ada, radio_id=begun)
    assert after.radio.version == playing.radio.version + 1, "what played has ended"
    kinds = {reason.cited.kind for shown in after.queue.answer.items for reason in shown.reasons}
    assert "FRIEND" not in kinds or end == "the friend", "Cleo still shares"
    assert not any(
        world.ben in reason.evidence for shown in after.queue.answer.items for reason in shown.reasons
    )


def test_a_radio_from_the_log_keeps_its_marks(world):
    factories.answered(world.ada, Purpose.EXPERIMENT)
    playing = radio_start(viewer=world.ada, seed_kind=SeedKind.NOTHING, kind=TRACK)
    store.client().flushdb()
    assert radio_get(viewer=world.ada, radio_id=public_id(playing.radio)).radio.now == playing.radio.now
    store.client().flushdb()
    consent_set(user=world.ben, purpose=Purpose.SOCIAL_OUT, granted=False)
    after = radio_get(viewer=world.ada, radio_id=public_id(playing.radio)).radio
    assert after.version == playing.radio.version + 1


def test_a_room_does_not_play_on_what_was_chosen_by_plays_that_are_withdrawn(world):
    room = room_create(user=world.ada, friends=[world.ben])
    room_join(user=world.ben, room_id=room.pk)
    rooms_refresh(user_ids=[world.ada.pk])
    from discovery.room.services import room_advance

    room = room_advance(user=world.ada, room_id=room.pk, step=0, skipped=False)
    now = room_get(viewer=world.ada, room_id=room.pk).answer.now
    assert now.shown.item == world.favorites["ben"]
    consent_set(user=world.ben, purpose=Purpose.SOCIAL_OUT, granted=False)
    seen = room_get(viewer=world.ada, room_id=room.pk).answer
    assert seen.now is None, "before anything else happened"
    assert not any(seen.queue[0].shown.people)
    rooms_refresh(user_ids=[world.ben.pk])
    room.refresh_from_db()
    assert room.step == 2, "the message has it choose anew"
    assert room_get(viewer=world.ada, room_id=room.pk).answer.now is not None


def test_an_exclusion_shows_a_playlist_only_while_it_may_be_seen(world):
    theirs = Playlist.objects.create(owner=world.ben, title="Secret title", description="Secret words")
    theirs.collaborators.create(user=world.ada, role="VIEWER")
    taste_exclusion_set(user=world.ada, thing=theirs, excluded=True)
    app = App(world.ada)
    query = "{ viewer { privacy { exclusions { id ... on Playlist { title description size } } } } }"
    (shown,) = app.data(query)["viewer"]["privacy"]["exclusions"]
    assert shown["title"] == "Secret title"
    Block.objects.create(blocker=world.ben, blocked=world.ada)
    Playlist.objects.filter(pk=theirs.pk).update(title="Renamed")
    assert app.data(query)["viewer"]["privacy"]["exclusions"] == []


def test_rows_of_a_relation_are_cut_down_to_what_may_be_seen(world):
    """Who added an entry is told while they may be seen, also where the rows come through a relation."""
    mine = Playlist.objects.create(owner=world.ada, title="Mine")
    mine.entries.create(track=world.common, position=0, added_by=world.ben)
    app = App(world.ada)
    query = "query ($id: ID!) { node(id: $id) { ... on Playlist { entries { edges { node { addedBy { handle } } } } } } }"
    playlist = global_id("Playlist", mine.pk)

    def adder():
        (edge,) = app.data(query, id=playlist)["node"]["entries"]["edges"]
        return edge["node"]["addedBy"]

    assert adder() == {"handle": "ben"}
    Block.objects.create(blocker=world.ben, blocked=world.ada)
    assert adder() is None
