"""A round at the most items it takes: files are written and added up in blocks, whatever their size.

``python -m tests.soak.soak_rounds [ITEMS] [FOLDER]`` tells seconds, bytes and the memory of a process of its own for each step; in
``make soak`` the test below runs it over fewer items.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

FEW = 6_000
OWN_PAIRS = 200_000


def steps(items, folder):
    """Yield what each step took: a file masked, and three added up."""
    from graph.elsewhere.document import MASKED
    from graph.elsewhere.large import large_read, large_write
    from graph.exchange.rounds.cells import Share
    from graph.exchange.rounds.masks import BLOCK, Mask, added_up, masked

    size = items * (items + 1) // 2
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(3):
        at = np.unique(rng.integers(size, size=OWN_PAIRS))
        shares.append(Share(at, rng.integers(-(2**40), 2**40, size=len(at))))
    seeds = {frozenset(pair): rng.bytes(32) for pair in ((0, 1), (0, 2), (1, 2))}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for server, share in enumerate(shares):
        begun = time.process_time()
        masks = [
            Mask(seeds[frozenset((server, other))], adds=server < other)
            for other in range(3)
            if other != server
        ]
        path = folder / f"{server}.masked"
        blocks = masked(share, masks, size=size)
        large_write(path, {"type": MASKED}, blocks, size=size, secret=f"{server}1" * 32)
        yield f"masked {server}", {"cpu_seconds": time.process_time() - begun, "bytes": path.stat().st_size}
    begun = time.process_time()
    read = [large_read(folder / f"{server}.masked", expected=MASKED).blocks(BLOCK) for server in range(3)]
    total = added_up(read, shares[0], size=size)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    expected = np.zeros(size if size < 2**26 else 0, dtype=np.int64)
    if len(expected):
        for share in shares[1:]:
            np.add.at(expected, share.at, share.value)
        assert np.array_equal(total.dense(0, size).view(np.int64), expected)
    assert len(total.at) >= OWN_PAIRS
    yield "added up", {"cpu_seconds": time.process_time() - begun, "grown_mib": grown, "cells": size}


def test_a_large_round_takes_little_memory(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.soak_rounds", str(FEW), str(tmp_path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = dict(map(json.loads, run.stdout.splitlines()))
    assert told["masked 0"]["bytes"] > 140e6
    # Of all cells one process would hold 144 MB, and the three files of them 432 MB.
    assert told["added up"]["grown_mib"] < 200, told


def main(items=20_000, folder="."):
    for step in steps(int(items), Path(folder)):
        print(json.dumps(step), flush=True)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    django.setup()
    main(*sys.argv[1:])
