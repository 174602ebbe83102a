import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.presentation import Ref
from discovery.recommend.citing import BECAUSE
from discovery.recommend.explain import Cited, ReasonKind, explain
from discovery.recommend.ranking import rank
from discovery.recommend.wording import Wording
from graph.serving.channels import Channel
from tests.discovery.permitted import permitted
from tests.discovery.small_index import small_index

VECTORS = [[1.0, 0.0], [0.8, 0.2], [0.5, 0.5], [0.0, 1.0]]
ANA, BO, CY = 11, 12, 13

entries = st.lists(
    st.tuples(
        st.sampled_from([Channel.OWN, Channel.FRIEND, Channel.PICK, Channel.NEGATIVE]),
        st.integers(1, 4), st.floats(0.125, 50, width=32), st.sampled_from([ANA, BO, CY]),
    ),
    max_size=12,
).map(lambda rows: [(c, i, a, f if c is Channel.FRIEND else 0) for c, i, a, f in rows])  # fmt: skip


@given(
    entries,
    st.sets(st.sampled_from([ANA, BO, CY])),
    st.lists(st.floats(-2, 2, width=16), min_size=4, max_size=4),
)
def test_reasons_and_remainder_add_up_to_the_score(rows, named, prior):
    ranking = rank(small_index(VECTORS, prior=prior), permitted(rows, named=named), count=4)
    for one, score in zip(explain(ranking), ranking.scores, strict=True):
        assert one.score == pytest.approx(score, abs=1e-9)
        assert sum(reason.contribution for reason in one.reasons) + one.remainder == pytest.approx(
            score, abs=1e-4
        )
        assert sum(reason.share for reason in one.reasons) <= 1 + 1e-9
        assert all(reason.contribution > 0 for reason in one.reasons)


@given(entries, st.sets(st.sampled_from([ANA, BO, CY])))
def test_a_friend_who_may_not_be_named_is_never_cited(rows, named):
    ranking = rank(small_index(VECTORS), permitted(rows, named=named), count=4)
    cited = {
        ref.id
        for one in explain(ranking)
        for reason in one.reasons
        for ref in reason.evidence
        if ref.kind == "Listener"
    }
    assert cited <= named


def test_cites_the_single_play_that_carries_the_score():
    evidence = permitted([(Channel.OWN, 1, 4.0, 0), (Channel.OWN, 4, 1.0, 0)], known=[1, 4])
    (best, *_rest) = explain(rank(small_index(VECTORS), evidence, count=4))
    assert best.item_id == 2
    (reason,) = best.reasons
    assert reason.kind is ReasonKind.OWN_PLAY
    assert reason.evidence == (Ref("Artist", 1),)
    assert reason.contribution == pytest.approx(4 * 0.8)
    assert best.remainder == pytest.approx(0.2)
    assert reason.share > BECAUSE


def test_a_friend_who_plays_the_very_item_is_the_reason():
    evidence = permitted([(Channel.FRIEND, 4, 1.0, ANA), (Channel.FRIEND, 3, 1.0, ANA)], named=[ANA])
    best = explain(rank(small_index(VECTORS), evidence, count=1))[0]
    assert best.item_id == 4
    assert best.reasons[0].itself
    assert best.reasons[0].evidence == (Ref("Listener", ANA),)
    assert best.reasons[0].contribution == pytest.approx(2.0)  # vector product and the item itself


def test_without_evidence_the_only_reason_is_popularity():
    best = explain(rank(small_index(VECTORS, prior=[0.1, 0.4, 0.0, 0.2]), permitted([]), count=1))[0]
    assert [(reason.kind, reason.share) for reason in best.reasons] == [(ReasonKind.POPULARITY, 1.0)]
    assert best.remainder == 0


def test_refused_music_is_never_a_reason_for():
    evidence = permitted([(Channel.NEGATIVE, 1, 1.0, 0)])
    assert all(one.reasons == () for one in explain(rank(small_index(VECTORS), evidence, count=4)))


NAMES = {
    Ref("Artist", 1): "Ada",
    Ref("Artist", 2): "Bix",
    Ref("Listener", 3): "Cleo",
}


@pytest.mark.parametrize(
    ("kind", "share", "refs", "signals", "itself", "text"),
    [
        (ReasonKind.OWN_PLAY, 0.6, [0], 9, False, "Because you played Ada"),
        (ReasonKind.OWN_PLAY, 0.19, [0, 1], 9, False,
         "Strongest of your 9 signals: Ada and Bix (about a fifth of all that weighs in)"),
        (ReasonKind.FRIEND, 0.2, [2, 0], 1, False, "Your friend Cleo plays Ada"),
        (ReasonKind.FRIEND, 0.2, [2], 1, True, "Your friend Cleo plays this"),
        (ReasonKind.FRIEND, 0.2, [0], 1, False, "Friends of yours play Ada"),
        (ReasonKind.FRIEND, 0.2, [], 1, True, "Friends of yours play this"),
        (ReasonKind.POPULARITY, 0.2, [], 1, False, "Popular with listeners here (not personal)"),
    ],
)  # fmt: skip
def test_wording(kind, share, refs, signals, itself, text):
    evidence = tuple(list(NAMES)[place] for place in refs)
    assert Wording(NAMES).reason(Cited(kind, 1.0, share, evidence, signals, itself)) == text


@pytest.mark.parametrize(
    ("share", "words"), [(0.05, "a small part"), (0.2, "about a fifth"), (0.95, "nearly all")]
)
def test_shares_in_plain_words(share, words):
    assert Wording({}).fraction(share) == words
