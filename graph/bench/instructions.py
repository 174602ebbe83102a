"""How many machine instructions one propagation takes as the graph grows: what a cache costs is not in it.

``valgrind --tool=callgrind`` counts a process that propagates once, and one that does so three times; half of what is between
them is one propagation. That makes a process some sixty times slower, so that sizes take many minutes.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
import torch
from django.conf import settings

from discovery.platform.errors import ServiceFailed
from graph.ml.progress import Progress, silent

FEW, MANY = 1, 3  # propagations of the two processes
COUNTED = re.compile(r"Collected : (\d+)")


def benchmark(*, sizes: Sequence[int], progress: Progress = silent) -> dict[str, Any]:
    """Instructions and edges by size, and how instructions grow with edges. Raises ServiceFailed where there is no valgrind."""
    from graph.bench.scale import exponent

    rows = []
    for place, plays in enumerate(sizes):
        progress(place / len(sizes), f"{plays:,} plays")
        rows.append(measure(plays))
    edges, counts = [row["edges"] for row in rows], [row["instructions"] for row in rows]
    return {"sizes": rows, "exponent": exponent(edges, counts) if len(rows) > 1 else None}


def measure(plays: int) -> dict[str, Any]:
    """One size of `benchmark`."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "links"
        edges = _written(plays, path)
        few, many = (_instructions(path, times) for times in (FEW, MANY))
    return {"plays": plays, "edges": edges, "instructions": (many - few) / (MANY - FEW)}


def _written(plays: int, path: Path) -> int:
    """Write the links of a generated graph; how many plays are learned from."""
    from graph.bench.generate import Size, generate
    from graph.ml.data import KNOWS, NAMES, PLAYED_BY, track_view, view_data
    from graph.ml.model import Link, links_of

    view = track_view(generate(Size(plays=plays)))
    made = links_of(view_data(view))
    links = [made[NAMES], made[PLAYED_BY], made[KNOWS], Link.of(view.strength)]
    bags = [[vars(one) for one in (link.forward, link.backward)] for link in links]
    torch.save({"bags": bags, "items": len(view.ids), "tags": view.tags.shape[0]}, path)
    return int(view.strength.nnz)


def _instructions(path: Path, times: int) -> int:
    command = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        sys.executable,
        "-m",
        __name__,
    ]
    ours = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "DJANGO_SETTINGS_MODULE": "discovery.settings"}
    try:
        done = subprocess.run(
            [*command, str(path), str(times)], env={**os.environ, **ours}, cwd=settings.BASE_DIR,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise ServiceFailed("valgrind is not installed here: instructions are counted by it.") from None
    found = COUNTED.search(done.stderr)
    if found is None:
        raise ServiceFailed(f"valgrind counted nothing: {done.stderr[-300:]}")
    return int(found.group(1))


def propagate(path: Path, times: int) -> None:
    """Every link, forward and backward, so often."""
    from graph.bench.scale import NETWORK
    from graph.ml.data import KNOWS, NAMES, PLAYED_BY, PLAYS
    from graph.ml.model import Bags, Link, TasteNetwork

    gc.disable()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    read = torch.load(path, weights_only=True)
    named, played_by, known, listening = (Link(*(Bags(**one) for one in pair)) for pair in read["bags"])
    links = {NAMES: named, PLAYED_BY: played_by, PLAYS: played_by.reversed, KNOWS: known}
    network = TasteNetwork(torch.randn(read["items"], NETWORK.dims), read["tags"], NETWORK.layers)
    for _ in range(times):
        vectors = network(links)
        tastes = listening.forward.sums(vectors.detach())
        vectors.backward(listening.backward.sums(tastes))
        network.zero_grad()


def table(measured: dict[str, Any]) -> str:
    """The benchmark as Markdown."""
    lines = ["| plays learned from | instructions of a propagation | of a play |", "|--:|--:|--:|"]
    lines += [
        f"| {row['edges']:,} | {row['instructions']:,.0f} | {row['instructions'] / row['edges']:,.0f} |"
        for row in measured["sizes"]
    ]
    if measured["exponent"] is not None:
        lines += ["", f"Instructions ∝ plays^**{measured['exponent']:.2f}**."]
    return "\n".join(lines)


if __name__ == "__main__":
    django.setup()
    propagate(Path(sys.argv[1]), int(sys.argv[2]))
