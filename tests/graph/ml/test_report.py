import pytest

from graph.ml.report import END, START, tables, write_between_marks

FOUND = {
    "seeds": [0],
    "als_tuned": {"factors": 8},
    "items": {
        "measure": "NDCG@20",
        "methods": {"earshot": {"mean": 0.25, "interval": (0.2, 0.3), "cpu_seconds": 1.0}},
        "ratios": [{"to": "als", "ratio": 1.25, "interval": (1.1, 1.4)}],
    },
    "cost": {
        "training_cpu_seconds": 8.0,
        "training_cpu_to_als": 2.0,
        "export_cpu_seconds": 0.5,
        "export_cpu_to_als": 1.0,
        "peak_mebibytes": 700.0,
    },
}


def test_tables_carry_every_method_ratio_and_cost():
    text = tables(FOUND)
    assert "| earshot | 0.2500 | 0.2000–0.3000 | 1.0 |" in text
    assert "- earshot / als: **1.250** (1.100–1.400)" in text
    assert "Training takes 8.0 CPU seconds, 2.00 × ALS" in text
    assert "Friend suggestions" not in text


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    document = tmp_path / "page.md"
    document.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write_between_marks(document, "new")
    assert document.read_text() == f"before\n{START}\n\nnew\n\n{END}\nafter\n"


def test_a_document_without_marks_is_refused(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("nothing here")
    with pytest.raises(ValueError, match="marked"):
        write_between_marks(document, "new")
