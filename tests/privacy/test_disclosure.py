"""Whoever's plays shaped an answer can see that they did, whatever the surface; and nobody else is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import presentation
from accounts.models import Purpose
from accounts.presentation import NOBODYS, Disclosure, Draft, Ref, present
from discovery.models import SocialUse
from discovery.privacy.preview import preview_removal
from discovery.together.activity import ActivityKind, activity_list, news_told
from discovery.together.blend import blend
from discovery.together.paths import connection_to
from discovery.together.taste import taste_match
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db
TRACK = ItemKind.TRACK


@pytest.fixture
def world(serve):
    world = factories.triangle_of_friends()
    tracks = [*world.favorites.values(), world.common, factories.track("Unheard")]
    vectors = [[1.0, 0.2], [0.8, 0.6], [0.2, 1.0], [0.7, 0.7], [0.5, 0.5]]
    serve(TRACK, small_index(vectors, ids=[track.pk for track in tracks]))
    return world


def told(source):
    """(recipient, named, item) of everything that was noted about this person."""
    rows = SocialUse.objects.filter(source=source).select_related("recipient")
    return {(use.recipient.username, use.named, use.item_id or None) for use in rows}


def test_a_taste_match_tells_the_other_what_of_theirs_was_shown(world):
    taste_match(world.ada, world.ben.pk, TRACK)
    favorite, common = world.favorites["ben"].pk, world.common.pk
    assert told(world.ben) == {("ada", True, favorite), ("ada", True, common)}
    assert told(world.ada) == told(world.cleo) == set()


def test_a_blend_tells_its_members(world):
    blend(world.ada, [world.ben.pk, world.cleo.pk], TRACK, count=3)
    for member in (world.ben, world.cleo):
        assert {(recipient, named) for recipient, named, _item in told(member)} == {("ada", True)}
    assert told(world.ada) == set()


def test_a_blend_tells_a_member_of_whom_nothing_is_cited(world, serve):
    serve(TRACK, small_index([[1.0], [1.0]], ids=[world.favorites["ada"].pk, world.common.pk]))
    world.ben.listens.exclude(track=world.common).delete()
    blend(world.ada, [world.ben.pk], TRACK, count=0)
    assert told(world.ben) == {("ada", True, None)}


def test_without_a_model_a_blend_shows_no_plays_and_still_names_its_members(world, monkeypatch):
    from graph.serving import active_model

    monkeypatch.setattr(active_model, "active", lambda: None)
    blend(world.ada, [world.ben.pk], TRACK)
    assert told(world.ben) == {("ada", True, None)}


def test_activity_tells_each_friend_what_was_told_of_them(world):
    (play,) = factories.listens(world.ben, world.favorites["ben"], at=timezone.now() - timedelta(hours=1))
    assert [each.key for each in activity_list(world.ada).answer.activities] == [play.pk]
    assert told(world.ben) == {("ada", True, world.favorites["ben"].pk)}
    assert told(world.cleo) == set()


def test_live_activity_tells_for_each_who_hears_it(world):
    (play,) = factories.listens(world.ben, world.favorites["ben"], at=timezone.now())
    stranger = factories.sharer("stranger")
    heard = news_told(
        [(viewer, ActivityKind.PLAYED, play.pk) for viewer in (world.ada, world.cleo, stranger)]
    )
    assert {viewer for viewer, *_ in heard} == {world.ada, world.cleo}
    favorite = world.favorites["ben"].pk
    assert told(world.ben) == {("ada", True, favorite), ("cleo", True, favorite)}


def test_a_way_tells_whom_it_leads_over(world):
    connection_to(world.ada, Ref("Track", world.favorites["ben"].pk))
    assert told(world.ben) == {("ada", True, world.favorites["ben"].pk)}
    chain = [factories.sharer(name) for name in ("one", "two", "three")]
    factories.befriended(chain[0], chain[1])
    factories.befriended(chain[1], chain[2])
    assert connection_to(chain[0], Ref("Listener", chain[2].pk)).answer is not None
    assert told(chain[1]) == {("one", True, None)}


def test_a_preview_tells_without_a_word(world):
    preview_removal(world.ada, world.favorites["ada"], TRACK, count=5)
    assert told(world.ben) == told(world.cleo) == {("ada", False, None)}


def test_who_does_not_share_shapes_nothing_and_is_told_nothing(world):
    factories.revoke(world.ben, Purpose.SOCIAL_OUT)
    blend(world.ada, [world.ben.pk, world.cleo.pk], TRACK)
    preview_removal(world.ada, world.favorites["ada"], TRACK, count=5)
    activity_list(world.ada)
    assert told(world.ben) == set()


def test_an_answer_that_nobody_would_tell_of_is_not_given(world, monkeypatch):
    monkeypatch.setattr(presentation, "_disclose", [])
    shaped = Draft((), lambda _nodes: "shaped", [Disclosure(world.ben.pk, named=False)])
    with pytest.raises(RuntimeError):
        present(world.ada, shaped)
    own = Draft((), lambda _nodes: "own", [Disclosure(world.ada.pk, named=True)])
    assert present(world.ada, own).answer == "own"
    assert present(world.ada, Draft((), lambda _nodes: "free", NOBODYS)).answer == "free"


def test_several_news_for_one_viewer_tell_each_of_their_sources(world):
    plays = [
        factories.listens(friend, world.common, at=timezone.now())[0] for friend in (world.ben, world.cleo)
    ]
    answers = news_told([(world.ada, ActivityKind.PLAYED, play.pk) for play in plays])
    assert len(answers) == 2
    assert told(world.ben) == told(world.cleo) == {("ada", True, world.common.pk)}


def test_a_preview_that_only_counts_tells_the_friend_it_counted(world):
    assert preview_removal(world.ada, world.ben, TRACK, count=0).answer.signals > 0
    assert ("ada", True, None) in told(world.ben)
    assert told(world.cleo) == set()


def test_a_way_tells_the_bridge_and_whoever_it_leads_to(world):
    dora = factories.sharer("dora")
    factories.befriended(world.ben, dora)
    assert connection_to(world.ada, Ref("Listener", dora.pk)).answer is not None
    assert told(world.ben) == told(dora) == {("ada", True, None)}
    assert connection_to(world.ada, Ref("Listener", world.cleo.pk)).answer is not None
    assert told(world.cleo) == {("ada", True, None)}
