"""The device's sum beside the one that was written out by hand."""

import json

import pytest

from tests.discovery.device.beside import node
from tests.golden.__main__ import PLACE

WRITTEN = json.loads(PLACE.read_text(encoding="utf-8"))
EXACT = 1e-8


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return node(tmp_path_factory.mktemp("golden"), "golden.mjs", WRITTEN)


def test_scores_terms_order_and_reasons_are_the_written_ones(found):
    for case, ranking in zip(WRITTEN["cases"], found, strict=True):
        assert [answer["item"] for answer in ranking] == [answer["item"] for answer in case["ranking"]]
        for answer, written in zip(ranking, case["ranking"], strict=True):
            assert answer["score"] == pytest.approx(written["score"], abs=EXACT)
            assert answer["terms"] == pytest.approx(written["terms"], abs=EXACT)
            for reason, wanted in zip(answer["reasons"], written["reasons"], strict=True):
                assert (reason["kind"], reason["entries"]) == (wanted["kind"], wanted["entries"])
                assert reason["contribution"] == pytest.approx(wanted["contribution"], abs=EXACT)
                assert reason["share"] == pytest.approx(wanted["share"], abs=EXACT)


def test_another_weight_would_be_noticed(tmp_path):
    louder = json.loads(PLACE.read_text(encoding="utf-8"))
    louder["model"]["channels"]["OWN"]["weights"] = [1.0, 0.9]
    changed = node(tmp_path, "golden.mjs", louder)[2]
    assert changed[0]["score"] != pytest.approx(WRITTEN["cases"][2]["ranking"][0]["score"], abs=1e-6)
