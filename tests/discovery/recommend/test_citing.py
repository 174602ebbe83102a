"""The reasons of all items at once are those that a plain reading of the rules, one item and friend after the other, finds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.presentation import Ref
from discovery.recommend.citing import BECAUSE, CITED
from discovery.recommend.evidence import KEY_OCCASION
from discovery.recommend.explain import MINOR, ReasonKind, explain
from discovery.recommend.prompt import Word
from discovery.recommend.ranking import Ranking
from graph.serving.channels import Channel
from tests.discovery.permitted import permitted

FRIENDS = range(11, 15)
# Mostly friends: theirs are the rules that are hard to get right. Words are no things, and have rows of their own.
CHANNELS = [
    *(channel for channel in Channel if channel is not Channel.WORD),
    *[Channel.FRIEND] * 5,
]
OWN_KINDS = {
    Channel.OWN: ReasonKind.OWN_PLAY,
    Channel.PICK: ReasonKind.ONBOARDING,
    Channel.PROMPT_TAG: ReasonKind.TAG,
}


def plainly(ranking):
    """By item: (kind, contribution, share, cited nodes, signals, itself, rows) of each reason, the largest first."""
    return [
        sorted(
            (reason for reason in cited(ranking, column) if reason[2] >= MINOR), key=lambda reason: -reason[1]
        )
        for column in range(len(ranking.ids))
    ]


def cited(ranking, column):
    evidence, prior = ranking.evidence, float(ranking.prior[column])
    terms = ranking.contributions[:, column].tolist()
    whole = sum(map(abs, terms)) + abs(prior)
    if whole == 0:
        return []
    reasons = []
    for channel, kind in OWN_KINDS.items():
        of_channel = [row for row in range(len(evidence)) if evidence.channel[row] == channel]
        top = largest(terms, of_channel)
        if top and terms[top[0]] >= BECAUSE * whole:
            top = top[:1]
        if top:
            reasons.append(reason(kind, terms, whole, top, things(evidence, top), len(of_channel)))
    reasons += friends(evidence, terms, whole, int(ranking.ids[column]))
    if prior > 0:
        reasons.append((ReasonKind.POPULARITY, prior, prior / whole, (), 1, False, ()))
    return reasons


def friends(evidence, terms, whole, item_id):
    by_friend = {}
    for row in range(len(evidence)):
        if evidence.channel[row] == Channel.FRIEND and terms[row] > 0:
            friend = int(evidence.friend[row])
            by_friend.setdefault(friend if evidence.friends[friend].named else 0, []).append(row)
    reasons = []
    for friend, rows in sorted(by_friend.items()):
        same = [row for row in rows if evidence.key_id[row] == item_id]
        top = same or largest(terms, rows)
        nodes = ((Ref("Listener", friend),) if friend else ()) + (() if same else things(evidence, top))
        reasons.append(reason(ReasonKind.FRIEND, terms, whole, top, nodes, len(rows), itself=bool(same)))
    return sorted(reasons, key=lambda found: (not found[5], -found[1]))[:CITED]


def reason(kind, terms, whole, rows, nodes, signals, *, itself=False):
    contribution = sum(terms[row] for row in rows)
    return (kind, contribution, contribution / whole, nodes, signals, itself, tuple(rows))


def largest(terms, rows):
    return sorted((row for row in rows if terms[row] > 0), key=lambda row: (-terms[row], row))[:CITED]


def things(evidence, rows):
    return tuple(dict.fromkeys(Ref("Artist", int(evidence.key_id[row])) for row in rows))


@st.composite
def rankings(draw):
    """Few items and friends, so that friends play the very items; few values, so that terms are equal."""
    entries = draw(
        st.lists(
            st.tuples(st.sampled_from(CHANNELS), st.integers(1, 4), st.sampled_from(FRIENDS)), max_size=30
        )
    )
    ids = draw(st.lists(st.integers(1, 4), unique=True, max_size=4))
    values = st.sampled_from([-1.0, -0.25, 0.0, 0.0, 0.125, 0.5, 0.5, 1.0, 8.0])
    terms = draw(st.lists(values, min_size=len(entries) * len(ids), max_size=len(entries) * len(ids)))
    prior = draw(st.lists(values, min_size=len(ids), max_size=len(ids)))
    evidence = permitted(
        [
            (channel, item, 1.0, friend if channel is Channel.FRIEND else 0)
            for channel, item, friend in entries
        ],
        named=draw(st.sets(st.sampled_from(FRIENDS))),
    )
    return Ranking(
        has_next=False, evidence=evidence, rows=np.arange(len(ids)), ids=np.array(ids, dtype=np.int64),
        prior=np.array(prior, dtype=np.float64),
        contributions=np.array(terms, dtype=np.float64).reshape(len(entries), len(ids)),
    )  # fmt: skip


@given(rankings())
def test_all_items_at_once_are_cited_as_each_alone(ranking):
    for explanation, expected in zip(explain(ranking), plainly(ranking), strict=True):
        found = [
            (
                c.kind,
                pytest.approx(c.contribution),
                pytest.approx(c.share),
                c.evidence,
                c.signals,
                c.itself,
                c.rows,
            )
            for c in explanation.reasons
        ]
        assert found == expected
        assert explanation.remainder + sum(c[1] for c in expected) == pytest.approx(explanation.score)


def test_a_moment_is_cited_as_a_whole_and_where_it_takes_away_not_at_all():
    """Its words pull ways of their own; what is told is what they do together."""
    words = tuple(Word(text, occasion=True) for text in ("running", "morning"))
    evidence = replace(
        permitted([(Channel.WORD, 0, 1.0, 0), (Channel.WORD, 1, 1.0, 0)]),
        words=words, key_kind=np.full(2, KEY_OCCASION, np.int8),
    )  # fmt: skip
    ranking = Ranking(
        has_next=False, evidence=evidence, rows=np.arange(3), ids=np.arange(1, 4), prior=np.zeros(3),
        contributions=np.array([[3.0, 2.0, 0.5], [-1.0, -3.0, 1.0]]),
    )  # fmt: skip
    first, second, third = (explanation.reasons for explanation in explain(ranking))
    assert [(r.kind, r.contribution, r.words) for r in first] == [(ReasonKind.OCCASION, 2.0, words)]
    assert second == ()
    assert [r.contribution for r in third] == [1.5]
