import json
from pathlib import Path

import pytest

from graph.bench.plot import bars
from graph.bench.report import (
    ABLATIONS,
    MEASURED,
    SUMMARY,
    ablation_table,
    between_marks,
    summary,
    tables,
    write_between_marks,
)

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "docs" / "results"
ROW = {"mean": 0.25, "interval": (0.2, 0.3), "cpu_seconds": 1.0, "also": {"recall@20": 0.5}}
FOUND = {
    "seeds": [4],
    "als_tuned": {"factors": 8},
    "items": {
        "measure": "NDCG@20",
        "methods": {"earshot": ROW, "als": {**ROW, "mean": 0.2}},
        "ratios": [{"to": "als", "ratio": 1.25, "interval": (1.1, 1.4), "by_seed": [1.25]}],
    },
    "weights": [{"network": 1.2}],
    "additivity": {"listeners": 7, "largest_error": 1e-6},
    "cost": {
        "training_cpu_seconds": 8.0,
        "training_cpu_to_als": 2.0,
        "export_cpu_seconds": 0.5,
        "export_cpu_to_als": 1.0,
        "peak_mebibytes": 700.0,
    },
}


def test_tables_carry_every_method_ratio_weight_and_cost():
    text = tables(FOUND)
    assert "| earshot | 0.2500 | 0.2000–0.3000 | 1.0 |" in text
    assert "- earshot / als: **1.250** (1.100–1.400); by seed 1.250" in text
    assert "| als | 0.5000 |" in text
    assert "- weights learned on seed 4: network 1.2" in text
    assert "within 1.0e-06, for each of 7 listeners" in text
    assert "Training takes 8.0 CPU seconds, everything included: 2.00 × ALS" in text
    assert "8.00 × the tuned ALS" in text
    assert "Friend suggestions" not in text


def test_the_summary_has_one_line_a_ratio_and_the_plot_one_bar_a_method():
    assert "| Recommendations, NDCG@20 | 0.2500 | als | 0.2000 | **1.250** | 1.100–1.400 |" in summary(FOUND)
    assert bars(FOUND).count("<line") == 2


def test_a_question_a_variant_cannot_answer_is_a_dash():
    ablation = {
        "seeds": [1],
        "variants": {"everything": {"items": 0.5, "friends": 0.25}, "less": {"items": 0.4}},
    }
    assert "| less | 0.4000 | – |" in ablation_table(ablation)


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- measured: start -->\nold\n<!-- measured: end -->\nafter\n")
    write_between_marks(document, "new")
    assert document.read_text() == (
        "before\n<!-- measured: start -->\n\nnew\n\n<!-- measured: end -->\nafter\n"
    )


def test_a_document_without_marks_is_refused(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("nothing here")
    with pytest.raises(ValueError, match="marked"):
        write_between_marks(document, "new")


@pytest.mark.parametrize(
    ("document", "place", "file", "render"),
    [
        ("docs/recommender.md", MEASURED, "recommender.json", tables),
        ("docs/recommender.md", ABLATIONS, "ablations.json", ablation_table),
        ("README.md", SUMMARY, "recommender.json", summary),
    ],
)
def test_documents_say_what_the_files_hold(document, place, file, render):
    measured = json.loads((RESULTS / file).read_text(encoding="utf-8"))
    assert between_marks((ROOT / document).read_text(encoding="utf-8"), place) == render(measured)


def test_the_plot_is_drawn_from_the_file():
    measured = json.loads((RESULTS / "recommender.json").read_text(encoding="utf-8"))
    assert (RESULTS / "recommender.svg").read_text(encoding="utf-8") == bars(measured)
