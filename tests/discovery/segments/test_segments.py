"""What kind of listener somebody is taken for: by behavior alone, said with its reason, and refused with a switch."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.private_session import private_session_start
from discovery.models import SegmentRefusal
from discovery.platform import clock
from discovery.segments.habits import STEPS, WEEK, Habits, monday_of
from discovery.segments.kinds import ENOUGH, KINDS, STILL_ENOUGH, SegmentKind, defaults_of, judged
from graph.models import Listen, TasteExclusion
from tests import factories
from tests.api.client import App

SEGMENTS = "{ viewer { segments { key name reason figure effect variety upcoming refused } } }"
REFUSE = """mutation ($key: SegmentKind!, $refused: Boolean! = true) { refuseSegment(key: $key, refused: $refused) {
  ... on RefusedSegment { segments { key refused } } ... on OperationInfo { messages { code } } } }"""
DISCOVER = "query ($variety: Float, $level: PersonalizationLevel) { viewer { discover(variety: $variety, level: $level) { variety varietyBy } } }"
RADIO = "mutation ($variety: Float) { startRadio(variety: $variety) { ... on RadioQueue { variety radioId upcoming { score } } } }"


def weekly(user, tracks, *, skipped=0, weeks=12, hour=12, back=0):
    """Each week, from the last whole one on: every track heard once, and so many more begun and skipped."""
    monday = monday_of(clock.now())
    Listen.objects.bulk_create(
        Listen(
            user=user, track=track, source="weekly", source_id=f"{week}-{place}-{user.pk}-{hour}",
            listened_at=monday - (week + 1) * WEEK + timedelta(hours=hour, minutes=10 * place),
            ms_played=200_000 if place < len(tracks) else 1_000,
        )
        for week in range(back, back + weeks)
        for place, track in enumerate([*tracks, *tracks[:1] * skipped])
    )  # fmt: skip


def keys(user):
    return {segment["key"]: segment for segment in App(user).data(SEGMENTS)["viewer"]["segments"]}


@pytest.fixture
def tracks(db):
    return [factories.track() for _ in range(20)]


def test_a_skipper_is_told_why_and_what_it_changes_and_can_refuse(dial, tracks):
    user, _ = dial
    weekly(user, tracks, skipped=20)
    app = App(user)

    said = keys(user)["SKIPPER"]
    assert said["figure"] == 50
    assert "50 of 100" in said["reason"]
    assert (said["variety"], said["upcoming"], said["refused"]) == (0.2, 3, False)
    assert app.data(DISCOVER)["viewer"]["discover"] == {"variety": 0.2, "varietyBy": ["SKIPPER"]}
    assert app.data(DISCOVER, variety=0)["viewer"]["discover"] == {"variety": 0, "varietyBy": []}
    radio = app.data(RADIO)["startRadio"]
    assert (radio["variety"], len(radio["upcoming"])) == (0.2, 3)
    assert app.data(RADIO, variety=0.5)["startRadio"]["variety"] == 0.5

    told = app.data(REFUSE, key="SKIPPER")["refuseSegment"]["segments"]
    assert told == [{"key": "SKIPPER", "refused": True}]
    refused = keys(user)["SKIPPER"]
    assert (refused["figure"], refused["refused"]) == (None, True)
    assert app.data(DISCOVER)["viewer"]["discover"] == {"variety": 0, "varietyBy": []}
    radio = app.data(RADIO)["startRadio"]
    assert (radio["variety"], len(radio["upcoming"])) == (0, 5)

    app.data(REFUSE, key="SKIPPER", refused=False)
    assert app.data(DISCOVER)["viewer"]["discover"]["variety"] == 0.2
    assert not SegmentRefusal.objects.exists()


@pytest.mark.django_db
def test_each_kind_is_found_by_its_behavior(tracks):
    night, explorer, diver, sharer, nobody = (factories.sharer() for _ in range(5))
    weekly(night, tracks, hour=22)
    weekly(explorer, tracks, back=4, weeks=8)
    for week in range(4):
        weekly(explorer, [*tracks[:10], *(factories.track() for _ in range(10))], weeks=1, back=week)
    weekly(diver, [factories.track(by=tracks[0].artist) for _ in range(20)])
    factories.befriended(sharer, nobody)
    for track in tracks[:5]:
        sharer.recommendations_sent.create(
            recipient=nobody, track=track, sent_at=monday_of(clock.now()) - timedelta(days=3)
        )
    weekly(nobody, tracks)
    assert {user: set(keys(user)) for user in (night, explorer, diver, sharer, nobody)} == {
        night: {"NIGHT_LISTENER"}, explorer: {"EXPLORER"}, diver: {"DEEP_DIVER"}, sharer: {"SHARER"}, nobody: set(),
    }  # fmt: skip


@pytest.mark.django_db
def test_who_behaves_alike_is_taken_for_the_same_whoever_they_are(tracks):
    one = factories.sharer("ada")
    other = factories.answered(
        factories.listener("zoe", level=PersonalizationLevel.OWN, display_name="Zoë", is_minor=True, external_id="7"),
        Purpose.RECORD, Purpose.SELF,
    )  # fmt: skip
    factories.befriended(one, factories.sharer())
    for user in (one, other):
        weekly(user, tracks, skipped=20, hour=23)
    assert list(keys(one).values()) == list(keys(other).values()) != []


@pytest.mark.django_db
@pytest.mark.parametrize("without", ["SELF", "level", "excluded", "this week"])
def test_nobody_is_taken_for_anything_by_what_does_not_count(tracks, without):
    user = factories.sharer()
    if without == "this week":
        Listen.objects.bulk_create(
            Listen(user=user, track=tracks[0], listened_at=monday_of(clock.now()), ms_played=1_000, source="x", source_id=str(number))
            for number in range(100)
        )  # fmt: skip
    else:
        weekly(user, tracks, skipped=20)
    if without == "SELF":
        factories.revoke(user, Purpose.SELF)
    elif without == "level":
        user.level = PersonalizationLevel.BASIC
        user.save()
    elif without == "excluded":
        for track in tracks:
            TasteExclusion.objects.create(user=user, track=track)
    assert keys(user) == {}
    assert App(user).data(DISCOVER)["viewer"]["discover"]["variety"] == 0


@pytest.mark.django_db
def test_one_answer_below_ones_level_knows_nothing_of_it(tracks):
    user = factories.sharer()
    weekly(user, tracks, skipped=20)
    assert App(user).data(DISCOVER, level="BASIC")["viewer"]["discover"]["variety"] == 0
    assert App(user).data(DISCOVER, level="OWN")["viewer"]["discover"]["variety"] == 0.2


@pytest.mark.django_db
def test_asking_keeps_nothing(tracks):
    user = factories.sharer()
    weekly(user, tracks, skipped=20)
    app = App(user)
    app.data(SEGMENTS)
    with CaptureQueriesContext(connection) as asked:
        assert app.data(SEGMENTS)["viewer"]["segments"]
    assert [each["sql"] for each in asked if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


@pytest.mark.django_db
def test_a_refusal_in_a_private_session_keeps_no_moment():
    user = factories.sharer()
    App(user).data(REFUSE, key="EXPLORER")
    private_session_start(user=user)
    App(user).data(REFUSE, key="SHARER")
    moments = dict(SegmentRefusal.objects.values_list("segment", "refused_at"))
    assert (moments["EXPLORER"] is None, moments["SHARER"] is None) == (False, True)


def skipping(skips, plays=100):
    return Habits(plays=plays, skips=skips, nights=0, shared=0, artists=50, new=0, known=100)


def holds(*skips):
    return [one.kind for one in judged([skipping(number) for number in skips])] == [SegmentKind.SKIPPER]


def test_between_the_bounds_stays_what_was():
    begins, between, ends = 60, 45, 30  # of 100 plays more: 37, 31 and 23 of 100
    assert holds(begins)
    assert not holds(between)
    assert holds(begins, between, between)
    assert not holds(begins, ends, between)


ONE_PLAY = st.sampled_from(["heard", "skip", "night"])


@given(
    plays=st.integers(ENOUGH, 400), skips=st.integers(0, 300), nights=st.integers(0, 400), artists=st.integers(1, 400),
    new=st.integers(0, 400), more=ONE_PLAY,
)  # fmt: skip
def test_one_play_more_ends_nothing_that_began(plays, skips, nights, artists, new, more):
    nights, artists, new = min(nights, plays), min(artists, plays), min(new, artists, plays)
    then = Habits(plays=plays, skips=skips, nights=nights, shared=0, artists=artists, new=new, known=ENOUGH)
    heard = more != "skip"
    after = Habits(
        plays=plays + heard, skips=skips + (not heard), nights=nights + (more == "night"), shared=0,
        artists=artists + heard, new=new, known=ENOUGH,
    )  # fmt: skip
    before = {one.kind for one in judged([then])}
    assert before <= {one.kind for one in judged([then, after])}


def test_every_kind_changes_something_and_ends_beyond_where_it_begins():
    assert set(KINDS) == set(SegmentKind)
    assert STILL_ENOUGH < ENOUGH
    assert STEPS > 1
    for kind in KINDS.values():
        assert kind.variety is not None or kind.queue is not None
        assert kind.leave > kind.enter if kind.at_most else kind.leave < kind.enter
    assert defaults_of([]).variety == 0
