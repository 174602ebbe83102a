"""`docs/engagement.md` says what the code does: its tables are written from the records that compute.

They are written anew by this file as a script, as docs/errors.md is by its test.
"""

import re
from pathlib import Path

from discovery.engagement.behavior import COLUMNS
from discovery.engagement.metrics import METRICS, Interval, MetricKey
from discovery.segments.api import effect_of
from discovery.segments.kinds import ENOUGH, KINDS, STILL_ENOUGH
from graph import reach

PAGE = Path(__file__).parents[3] / "docs/engagement.md"
INTERVALS = {
    Interval.PERSONS: "people drawn anew",
    Interval.SHARE: "Wilson",
}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)


def metrics():
    return table(
        ["metric", "what it is", "unit", "computed as", "interval", "own figure"],
        [
            (f"{metric.name} (`{metric.key}`)", metric.definition, metric.unit, f"Σ {metric.part} ÷ Σ {metric.whole}",
             INTERVALS[metric.interval], "yes" if metric.personal else "")
            for metric in METRICS
        ],
    )  # fmt: skip


def columns():
    return table(["column", "counts, of one person"], COLUMNS.items())


def segments():
    rows = [
        (f"{kind.name} (`{key}`)", kind.measure, f"{'at most' if kind.at_most else 'at least'} {kind.enter:g}",
         f"{'above' if kind.at_most else 'below'} {kind.leave:g}", effect_of(key))
        for key, kind in KINDS.items()
    ]  # fmt: skip
    return "\n\n".join(
        [
            table(["kind", "by", "begins at", "ends", "changes"], rows),
            f"Plays say something from {ENOUGH} in four weeks on, and of who is of a kind already until fewer than {STILL_ENOUGH}.",
        ]
    )


def limits():
    return table(
        ["of one person", "at most"],
        [
            ("plays of one track that overlap, or begin within half a minute", 1),
            ("plays of one track in a day (UTC)", reach.TRACK_A_DAY),
            ("plays of one artist's tracks in a day", reach.ARTIST_A_DAY),
            ("listening in a day", f"{reach.DAY / 3_600:g} hours"),
        ],
    )


TABLES = {"metrics": metrics, "columns": columns, "segments": segments, "limits": limits}


def page():
    text = PAGE.read_text()
    for name, made in TABLES.items():
        marks = rf"(<!-- {name}: start -->\n).*?(<!-- {name}: end -->)"
        text, found = re.subn(
            marks, lambda mark, made=made: f"{mark[1]}\n{made()}\n\n{mark[2]}", text, flags=re.DOTALL
        )
        assert found == 1, name
    return text


def test_the_page_has_the_records_as_they_are():
    assert PAGE.read_text() == page(), "write it anew"


def test_every_metric_is_made_of_columns_and_every_column_is_of_use():
    assert [metric.key for metric in METRICS] == list(MetricKey)
    assert {name for metric in METRICS for name in (metric.part, metric.whole)} == set(COLUMNS)


if __name__ == "__main__":
    PAGE.write_text(page())
