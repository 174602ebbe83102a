"""What three servers learn by a round under masks, beside plain files: that both are the same sums, and what agreeing costs.

A round goes as the commands do it, keys and masked files included; plain joining adds up the other two's files as they are, once whole
and once at the agreed cells alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from threadpoolctl import threadpool_limits

from accounts.signatures import public_key_text
from graph.arrays import Doubles
from graph.bench.federated import apart as vectors_apart
from graph.bench.federated import document_of, fitted, memory_of_sums, ndcg_of
from graph.bench.portable import named_of
from graph.elsewhere.document import HELLO, MASKED, SUMS, Document, document_read
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.large import Words64, large_read, large_write
from graph.exchange.contribute import Noise
from graph.exchange.rounds.agreement import Agreement, agreement_of, hello_read, hello_write
from graph.exchange.rounds.cells import Part, Share, layout, share_document, share_of
from graph.exchange.rounds.masks import BLOCK, added_up, masked, masks_of
from graph.ml import metrics
from graph.ml.config import RecommenderConfig
from graph.ml.data import artist_view
from graph.ml.progress import Progress, silent
from graph.ml.split import held_out, split_snapshot
from graph.snapshot import GraphSnapshot

SERVERS = 3


@dataclass(frozen=True)
class Round:
    """A round of these servers, as far as it goes before anybody adds up."""

    agreement: Agreement
    parts: list[Part]
    plain: list[Document]  # what each would have given without masks
    shares: list[Share]
    files: list[Path]
    secrets: list[str]

    def others(self, server: int) -> Document:
        """What one of them reads off the masked files: the sums of all others."""
        read = [large_read(path, expected=MASKED) for path in self.files]
        total = added_up([one.blocks(BLOCK) for one in read], self.shares[server], size=self.parts[-1].stop)
        return self._document(total, server)

    def plain_others(self, server: int) -> Document:
        """The same cells of the others' plain files, added up."""
        others = [share for number, share in enumerate(self.shares) if number != server]
        size = self.parts[-1].stop
        whole: Words64 = np.add.reduce([share.dense(0, size) for share in others])
        total = whole.view(np.int64)
        at = np.flatnonzero(total)
        return self._document(Share(at, total[at]), server)

    def _document(self, share: Share, server: int) -> Document:
        blob = share_document(share, self.agreement, self.parts, secret=self.secrets[server], told={})
        return document_read(blob, expected=SUMS)


def hellos_written(
    snapshots: list[GraphSnapshot], keys: list[X25519PrivateKey], secrets: list[str]
) -> list[Document]:
    """What each would say first."""
    return [
        document_read(
            hello_write(
                snapshot, named_of(snapshot), round_id="00" * 16, secret=secret, told={},
                public=key.public_key().public_bytes_raw(),
            ),
            expected=HELLO,
        )
        for snapshot, key, secret in zip(snapshots, keys, secrets, strict=True)
    ]  # fmt: skip


def round_of(
    snapshots: list[GraphSnapshot], folder: Path, *, seed: int = 0, noise: Noise | None = None
) -> Round:
    """Hellos, an agreement and a masked file of each, in ``folder``."""
    secrets = [hashlib.sha256(f"{seed}:{number}".encode()).hexdigest() for number in range(len(snapshots))]
    keys = [X25519PrivateKey.generate() for _ in snapshots]
    agreement = agreement_of([hello_read(one) for one in hellos_written(snapshots, keys, secrets)])
    parts = layout(agreement)
    plain = [document_of(*pair, noise) for pair in zip(snapshots, secrets, strict=True)]
    shares = [share_of(document, agreement, parts) for document in plain]
    files: list[Path] = []
    for share, key, secret in zip(shares, keys, secrets, strict=True):
        masks = masks_of(key.private_bytes_raw(), agreement, signer=public_key_text(secret))
        path, size = folder / f"{len(files)}.masked", parts[-1].stop
        large_write(path, {"type": MASKED}, masked(share, masks, size=size), size=size, secret=secret)
        files.append(path)
    return Round(agreement, parts, plain, shares, files, secrets)


def measure_rounds(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, seed: int = 0, epsilon: float | None = None, progress: Progress = silent,
) -> dict[str, Any]:  # fmt: skip
    """NDCG@20 of held-out artists of three servers: alone, with the others' plain sums, with a round's; and what these differ by."""
    torch.set_num_threads(1)
    with threadpool_limits(1), TemporaryDirectory() as folder:
        split = split_snapshot(snapshot, seed=seed)
        train, held = split.train, held_out(artist_view(split.train), split)
        server = np.random.default_rng(seed).integers(SERVERS, size=len(train.users))
        parts = [train.without(server != number) for number in range(SERVERS)]
        begun = process_time()
        rounds = round_of(parts, Path(folder), seed=seed, noise=None if epsilon is None else Noise(epsilon))
        cpu, asked = process_time() - begun, np.flatnonzero(np.diff(held.indptr))
        found: dict[str, list[Doubles]] = {}
        apart = 0.0
        for number, part in enumerate(parts):
            progress(number / SERVERS, f"server {number + 1}")
            plain = [document for other, document in enumerate(rounds.plain) if other != number]
            by_round, same = rounds.others(number), rounds.plain_others(number)
            memories = (memory_of_sums(train, [sums], config.memory) for sums in (by_round, same))
            apart = max(apart, vectors_apart(*memories))
            taught = {"alone": [], "plain files": plain, "a round": [by_round]}
            for name, documents in taught.items():
                joined = replace(part, elsewhere=sums_laid(documents, named_of(part))) if documents else part
                users = asked[server[asked] == number]
                found.setdefault(name, []).append(
                    ndcg_of(artist_view(part), fitted(joined, config), held, users)
                )
        return {
            "seed": seed,
            "listeners": np.bincount(server, minlength=SERVERS).tolist(),
            "agreed": {one.kind: len(one.items) for one in rounds.parts},
            "words": rounds.parts[0].words,
            "cells": rounds.parts[-1].stop,
            "bytes": [path.stat().st_size for path in rounds.files],
            "cpu_seconds": cpu,
            "pairs": {
                "plain": [len(document.arrays["artist.pair_sum"]) for document in rounds.plain],
                "agreed": [_pairs(rounds, share) for share in rounds.shares],
            },
            "apart": apart,
            "epsilon": epsilon,
            "ndcg": {name: float(np.concatenate(values).mean()) for name, values in found.items()},
            "servers": {name: [float(part.mean()) for part in values] for name, values in found.items()},
            "gained": metrics.interval(
                np.concatenate(found["a round"]) - np.concatenate(found["plain files"]), seed=0
            ),
        }


def _pairs(rounds: Round, share: Share) -> int:
    return sum(len(share.among(part.pairs, part.stop)[0]) for part in rounds.parts)


def tables(measured: dict[str, Any]) -> str:
    """What ``measure_rounds`` found, as Markdown."""
    ndcg, servers = measured["ndcg"], measured["servers"]
    lines = [
        f"Three servers of {', '.join(map(str, measured['listeners']))} listeners agree on {measured['agreed']} items and {measured['words']:,} words, {measured['cells']:,} sums; {measured['bytes'][0]:,} bytes a masked file, {measured['cpu_seconds']:.1f} s of CPU time for all of the round.",
        "",
        "| | NDCG@20 | by server |",
        "|---|--:|--:|",
        *(f"| {name} | {ndcg[name]:.4f} | {', '.join(f'{value:.4f}' for value in servers[name])} |" for name in ndcg),
        "",
        f"Vectors of a round's sums differ from those of plain files at the same cells by {measured['apart']:.1e} at most.",
        f"Sums of pairs: {measured['pairs']['plain']} in plain files, {measured['pairs']['agreed']} of them at agreed cells.",
    ]  # fmt: skip
    return "\n".join(lines)
