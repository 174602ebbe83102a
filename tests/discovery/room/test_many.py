"""Rooms and blends where candidates are proposed hold what they would with every item scored."""

import pytest

from discovery.recommend.serving import index_for
from discovery.room.lineup import lineup
from discovery.room.votes import Said
from discovery.together import fairness, relevant
from discovery.together.blend import blend
from graph.models import Feedback, FeedbackKind, ItemKind
from graph.serving import candidates
from graph.serving.ann import nearest_items
from graph.serving.places import positions
from tests import factories

TRACK = ItemKind.TRACK


@pytest.fixture
def proposing(friends, settings, monkeypatch):
    """Turns lists on; says how many rows were proposed each time."""

    def on():
        settings.EXACT_ITEMS = 1
        monkeypatch.setattr(relevant, "PROPOSED", 6)
        monkeypatch.setattr(fairness, "POOL", 6)
        sizes, proposed_by = [], candidates.proposed_by

        def spied(*args, **options):
            rows = proposed_by(*args, **options)
            sizes.append(None if rows is None else len(rows))
            return rows

        monkeypatch.setattr(candidates, "proposed_by", spied)
        nearest_items(index_for(TRACK).index, wait=True)
        return sizes

    return on


def lines(made):
    return [(line.item, pytest.approx(line.score), [person for person, *_ in line.people]) for line in made]


def test_a_room_plays_the_same(friends, room, proposing, monkeypatch):
    people = [friends.ada, friends.ben]
    ben = friends.tracks["ben"]
    said = Said(
        played=frozenset({friends.tracks["ada"][0].pk}), skipped=frozenset({friends.tracks["ada"][1].pk}),
        vetoed=frozenset({ben[3].pk}), votes={ben[2].pk: {friends.ben.pk}}, lately=[friends.tracks["ada"][0].pk],
    )  # fmt: skip
    monkeypatch.setattr(fairness, "POOL", 6)
    every = lineup(people, TRACK, None, said)
    sizes = proposing()
    some = lineup(people, TRACK, None, said)
    assert sizes
    assert None not in sizes
    assert lines(some.lines) == lines(every.lines)
    assert ben[3].pk not in {line.item.id for line in some.lines}


def test_a_blend_is_the_same_and_holds_nothing_turned_away_or_hidden(friends, proposing):
    away, hidden = friends.tracks["ben"][1], friends.tracks["cleo"][1]
    Feedback.objects.create(user=friends.ada, track=away, kind=FeedbackKind.HIDE, given_at=factories.NOON)
    index = index_for(TRACK).index
    index.open[positions(index.ids, [hidden.pk])] = False
    with_ = [friends.ben.pk, friends.cleo.pk]
    every = blend(friends.ada, with_, TRACK, count=6).answer
    sizes = proposing()
    some = blend(friends.ada, with_, TRACK, count=6).answer
    assert sizes
    assert None not in sizes
    titles = [item.item.title for item in some.items]
    assert titles == [item.item.title for item in every.items]
    assert away.title not in titles
    assert hidden.title not in titles
    for one, other in zip(every.items, some.items, strict=True):
        assert [(p.listener, p.because) for p in one.people] == [
            (p.listener, p.because) for p in other.people
        ]
