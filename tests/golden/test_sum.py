"""The product's sum beside the one that was written out by hand."""

import json

import numpy as np
import pytest

from accounts.hearing import SocialSource
from accounts.models import PersonalizationLevel
from accounts.policies import Use
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, KEY_TAG, PermittedEvidence
from discovery.recommend.explain import explain
from discovery.recommend.ranking import rank
from graph.models import ItemKind
from graph.serving.channels import Channel, ChannelRule, Source
from graph.serving.index import ItemIndex
from tests.golden.__main__ import PLACE, golden

WRITTEN = json.loads(PLACE.read_text(encoding="utf-8"))
KINDS = {"item": KEY_ITEM, "artist": KEY_ARTIST, "tag": KEY_TAG}
EXACT = 1e-4


@pytest.fixture(scope="module")
def index():
    said = WRITTEN["model"]

    def column(name, kind):
        return np.array([item[name] for item in said["items"]], dtype=kind)

    arrays = {
        "ids": column("id", np.int64), "open": column("open", bool), "prior": column("prior", np.float32),
        "codes": column("codes", np.int8), "key_scale": column("key_scale", np.float32),
        "query_scale": column("query_scale", np.float32),
    }  # fmt: skip
    for kind in ("tag", "artist"):
        things = said[f"{kind}s"]
        arrays[f"{kind}_ids"] = np.array([thing["id"] for thing in things], dtype=np.int64)
        arrays[f"{kind}_keys"] = np.array([thing["key"] for thing in things], dtype=np.float32)
    rules = {
        Channel[name]: ChannelRule(**{**rule, "weights": tuple(rule["weights"])})
        for name, rule in said["channels"].items()
    }
    return ItemIndex(arrays, [Source(**source) for source in said["sources"]], rules)


def permitted(case):
    entries = case["evidence"]
    named = {entry["friend"] for entry in entries if entry["friend"]}
    return PermittedEvidence(
        use=Use(level=PersonalizationLevel.SOCIAL, own=True, friends=True, not_used=()),
        kind=ItemKind.TRACK,
        key_kind=np.array([KINDS[entry["kind"]] for entry in entries], dtype=np.int8),
        key_id=np.array([entry["id"] for entry in entries], dtype=np.int64),
        amount=np.array([entry["amount"] for entry in entries], dtype=np.float32),
        channel=np.array([Channel[entry["channel"]] for entry in entries], dtype=np.int8),
        friend=np.array([entry["friend"] for entry in entries], dtype=np.int64),
        friends={friend: SocialSource(friend, named=True) for friend in named},
        known=frozenset(case["known"]),
    )


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["name"])
def test_scores_terms_order_and_reasons_are_the_written_ones(index, case):
    ranking = rank(index, permitted(case), count=20)
    answers = case["ranking"]
    assert ranking.ids.tolist() == [answer["item"] for answer in answers]
    assert ranking.scores == pytest.approx([answer["score"] for answer in answers], abs=EXACT)
    assert ranking.contributions.T.ravel() == pytest.approx(
        [term for answer in answers for term in answer["terms"]], abs=EXACT
    )
    for explanation, answer in zip(explain(ranking), answers, strict=True):
        assert [(cited.kind.value, list(cited.rows)) for cited in explanation.reasons] == [
            (reason["kind"], reason["entries"]) for reason in answer["reasons"]
        ]
        for cited, reason in zip(explanation.reasons, answer["reasons"], strict=True):
            assert cited.contribution == pytest.approx(reason["contribution"], abs=EXACT)
            assert cited.share == pytest.approx(reason["share"], abs=EXACT)


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["name"])
def test_every_way_of_adding_up_finds_the_same(index, case):
    _, entries = permitted(case).in_index(index)
    written = {answer["item"]: answer["score"] for answer in case["ranking"]}
    rows = index.rows(np.array(sorted(written)))
    expected = pytest.approx([written[item] for item in sorted(written)], abs=EXACT)
    assert index.scores(entries)[rows] == expected
    assert index.scores_of(entries, rows) == expected
    for row in index.scores_batch([entries] * 10)[:, rows]:
        assert row == expected
    best, scores = index.top_batch([entries], len(index))
    of_row = dict(zip(best[0].tolist(), scores[0].tolist(), strict=True))
    assert [of_row[row] for row in rows.tolist()] == expected


def test_the_file_is_what_the_formula_gives():
    assert golden() == WRITTEN


def test_another_weight_would_be_noticed(index):
    case = WRITTEN["cases"][2]
    _, entries = permitted(case).in_index(index)
    louder = ItemIndex.__new__(ItemIndex)
    louder.__dict__.update({name: value for name, value in vars(index).items() if name != "_weights"})
    louder.rules = {
        channel: ChannelRule(**{**vars(rule), "weights": (1.0, 0.9)}) for channel, rule in index.rules.items()
    }
    louder.__dict__.pop("_distinct_weights", None)
    row = index.rows(np.array([case["ranking"][0]["item"]]))
    assert louder.scores(entries)[row] != pytest.approx(case["ranking"][0]["score"], abs=EXACT)
