"""How well a model travels: what it finds for four listeners of a server of their own, whom its training never saw.

The server knows these four and nothing else, under keys of its own; what is imported there is the signed file, laid over its
catalog by name, as the command does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from graph.arrays import Doubles, Rows
from graph.bench.compression import narrowest
from graph.elsewhere.document import MODEL, Document, document_read
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.names import Named, artist_keys, names_read
from graph.exchange.export import DTYPES, export_document
from graph.exchange.receive import fitted_laid
from graph.ml import metrics
from graph.ml.baselines import popularity
from graph.ml.config import RecommenderConfig
from graph.ml.data import artist_view
from graph.ml.evaluate import K, hits_of, index_of, model_scorer, rank
from graph.ml.progress import Progress, silent
from graph.ml.split import held_out, split_snapshot
from graph.ml.train import fit
from graph.packed_names import PackedNames
from graph.serving.artifact import Artifact
from graph.snapshot import NOTHING_SAID, GraphSnapshot, Plays

TOGETHER = 4  # people of one server
LEAST_PLAYED = 10  # artists of whoever is asked
SECRET = "5e" * 32  # of an exporter that exists for the measuring


@dataclass(frozen=True)
class Server:
    """A server of a few people: its snapshot, what its rows are called, and what is to be found."""

    snapshot: GraphSnapshot
    ours: Named
    held: sp.csr_matrix  # [people, artists]
    relevant: Rows  # [people] artists held out, those among them that the server has never heard of


def measure_portable(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, servers: int = 50, trained: int = 10, seed: int = 0,
    dtype: str = "int8", progress: Progress = silent,
) -> dict[str, Any]:  # fmt: skip
    """NDCG@20 of members' held-out artists: the exporter's own model, the imported one, after a training there, popularity.

    ``trained``: on how many of the servers a training follows that begins with the import.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        split = split_snapshot(snapshot, seed=seed)
        train, held = split.train, held_out(artist_view(split.train), split)
        members = _members(train, held, servers, seed)
        rest = train.without(_mask(len(train.users), members))
        progress(0.05, "the exporter's own model")
        own = index_of(fit(rest, config).artifact(), artist_view(rest))
        whole, relevant = artist_view(train), np.diff(held.indptr)[members]
        found = {
            "exporter": _ndcg(model_scorer(whole, own, friends=False), whole.plays, held, members, relevant),
            "popularity": _ndcg(popularity(artist_view(rest)), whole.plays, held, members, relevant),
        }
        progress(0.4, "the model that leaves")
        leaving = replace(rest, friendships=rest.friendships[:0])
        exported = export_document(leaving, named_of(rest), config, secret=SECRET, told={}, dtype=dtype)
        document = document_read(exported.blob, expected=MODEL)
        own_again = index_of(exported.fitted.artifact(), artist_view(rest))
        found["exported, not yet narrowed"] = _ndcg(
            model_scorer(whole, own_again, friends=False), whole.plays, held, members, relevant
        )
        imported, began = [], []
        for number, four in enumerate(members.reshape(servers, TOGETHER)):
            progress(0.7 + 0.3 * number / servers, f"server {number + 1} of {servers}")
            server = _server(train, four, held, document, seed=number)
            imported.append(_asked(server, fitted_laid(document, server.snapshot, server.ours).artifact()))
            if number < trained:
                began.append(_asked(server, fit(_begun(server, document), config).artifact()))
    found["imported"] = np.concatenate(imported)
    return _told(found, np.concatenate(began) if began else np.zeros(0), dtype, exported)


def measure_forms(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, seed: int = 0, progress: Progress = silent
) -> dict[str, Any]:
    """NDCG@20 of all listeners' held-out artists on a fresh server of theirs, by each form of the file: its numbers, and its width.

    The width is chosen on a split within what is trained on, as `export_model --lean` does: nothing that is asked here has a part in it.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        split = split_snapshot(snapshot, seed=seed)
        train, held = split.train, held_out(artist_view(split.train), split)
        leaving, people = (
            replace(train, friendships=train.friendships[:0]),
            np.flatnonzero(np.diff(held.indptr)),
        )
        found: dict[str, Doubles] = {}
        sizes: dict[str, int] = {}
        lean = narrowest(leaving, config, progress)
        forms = [(width, dtype) for width in ("whole", "lean") for dtype in DTYPES]
        for number, (width, dtype) in enumerate(forms):
            progress(number / len(forms), f"{width}, {dtype}")
            exported = export_document(
                leaving,
                named_of(train),
                lean if width == "lean" else config,
                secret=SECRET,
                told={},
                dtype=dtype,
            )
            document = document_read(exported.blob, expected=MODEL)
            if not found:
                own = index_of(exported.fitted.artifact(), artist_view(train))
                whole, relevant = artist_view(train), np.diff(held.indptr)[people]
                found["at the exporter"] = _ndcg(
                    model_scorer(whole, own, friends=False), whole.plays, held, people, relevant
                )
            server = _server(train, people, held, document, seed=seed)
            found[f"{width}, {dtype}"] = _asked(
                server, fitted_laid(document, server.snapshot, server.ours).artifact()
            )
            sizes[f"{width}, {dtype}"] = len(exported.blob)
    first = found["whole, float32"]
    return {
        "seed": seed,
        "listeners": len(people),
        "columns": {"memory": lean.memory.keep_dims, "network": lean.network.keep_dims},
        "bytes": sizes,
        "ndcg": {name: float(values.mean()) for name, values in found.items()},
        "lost": {name: metrics.interval(values - first, seed=0) for name, values in found.items()},
    }


def forms_table(measured: dict[str, Any]) -> str:
    """What ``measure_forms`` found, as Markdown."""
    first = measured["ndcg"]["whole, float32"]
    kept = ", ".join(f"{width or 'all'} of {name}" for name, width in measured["columns"].items())
    lines = [
        f"Seed {measured['seed']}, {measured['listeners']:,} listeners; lean keeps {kept}.",
        "",
        "| file | bytes | NDCG@20 | beside float32 | 95 % of the difference |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, value in measured["ndcg"].items():
        low, high = measured["lost"][name]
        size = f"{measured['bytes'][name]:,}" if name in measured["bytes"] else ""
        lines.append(
            f"| {name} | {size} | {value:.4f} | {value / first - 1:+.2%} | {low:+.4f} to {high:+.4f} |"
        )
    return "\n".join(lines)


def _told(found: dict[str, Doubles], began: Doubles, dtype: str, exported: Any) -> dict[str, Any]:
    some = found["imported"][: len(began)]
    return {
        "members": len(found["imported"]),
        "bytes": len(exported.blob),
        "dtype": dtype,
        "items": dict(exported.items),
        "ndcg": {name: float(values.mean()) for name, values in found.items()},
        "of_exporter": float(found["imported"].mean() / found["exporter"].mean()),
        "of_exporter_interval": metrics.interval(found["imported"] - found["exporter"], seed=0),
        "of_popularity": float(found["imported"].mean() / found["popularity"].mean()),
        "trained_there": {
            "members": len(began),
            "ndcg": float(began.mean()) if len(began) else 0.0,
            "imported": float(some.mean()) if len(began) else 0.0,
        },
    }


def _members(train: GraphSnapshot, held: sp.csr_matrix, servers: int, seed: int) -> Rows:
    """Whom the servers are of, in the order of the servers."""
    played = np.bincount(train.artist_plays.user, minlength=len(train.users))
    asked = np.flatnonzero((played >= LEAST_PLAYED) & (np.diff(held.indptr) > 0))
    drawn = np.random.default_rng(seed).permutation(asked)[: servers * TOGETHER]
    return np.sort(drawn.reshape(servers, TOGETHER), axis=1).ravel()


def _mask(size: int, rows: Rows) -> np.ndarray[Any, np.dtype[np.bool_]]:
    mask = np.zeros(size, dtype=bool)
    mask[rows] = True
    return mask


def named_of(snapshot: GraphSnapshot) -> Named:
    """What rows are called, of a snapshot whose music has no identifiers."""
    nothing = [""] * len(snapshot.tracks)
    return Named(
        artists=snapshot.artist_names, artist_mbids=[""] * len(snapshot.artists), titles=snapshot.track_titles,
        track_mbids=nothing, track_isrcs=nothing, track_artist=snapshot.track_artist, tags=snapshot.tag_names,
    )  # fmt: skip


def _server(
    train: GraphSnapshot, four: Rows, held: sp.csr_matrix, document: Document, *, seed: int
) -> Server:
    """The four with their plays; the catalog is what they play and what the document names, in an order of its own."""
    keys = list(artist_keys(named_of(train)))
    theirs = np.isin(train.artist_plays.user, four)
    played = {keys[item]: train.artist_names[item] for item in train.artist_plays.item[theirs].tolist()}
    named = names_read(document.arrays)
    names = {**dict(zip(artist_keys(named), named.artists, strict=True)), **played}
    order = np.random.default_rng(seed).permutation(len(names)).tolist()
    known = list(names)
    place = {known[row]: position for position, row in enumerate(order)}
    user = np.searchsorted(np.sort(four), train.artist_plays.user[theirs])
    item = np.array([place[keys[row]] for row in train.artist_plays.item[theirs].tolist()])
    plays = sp.csr_matrix((train.artist_plays.count[theirs], (user, item)), shape=(len(four), len(names)))
    plays.sum_duplicates()
    coo = plays.tocoo()
    snapshot = _snapshot(
        [names[known[row]] for row in order],
        list(named.tags),
        Plays(
            user=coo.row.astype(np.int32), item=coo.col.astype(np.int32), count=coo.data.astype(np.float32)
        ),
        len(four),
    )
    wanted = held[np.sort(four)].tocoo()
    there = [
        (row, place[keys[column]])
        for row, column in zip(wanted.row.tolist(), wanted.col.tolist(), strict=True)
        if keys[column] in place
    ]
    rows, columns = (
        (np.array(part, dtype=np.int64) for part in zip(*there, strict=True))
        if there
        else (np.zeros(0, np.int64),) * 2
    )
    found = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=plays.shape)
    return Server(snapshot, named_of(snapshot), found, np.diff(held[np.sort(four)].indptr))


def _snapshot(artists: Sequence[str], tags: Sequence[str], plays: Plays, people: int) -> GraphSnapshot:
    nothing = np.zeros(0, dtype=np.int32)
    return GraphSnapshot(
        users=np.arange(1, people + 1, dtype=np.int64), discoverable=np.ones(people, dtype=bool),
        artists=np.arange(1, len(artists) + 1, dtype=np.int64), tracks=np.zeros(0, dtype=np.int64),
        tags=np.arange(1, len(tags) + 1, dtype=np.int64), artists_open=np.ones(len(artists), dtype=bool),
        tracks_open=np.zeros(0, dtype=bool), track_artist=nothing, artist_plays=plays,
        track_plays=Plays(user=nothing, item=nothing, count=np.zeros(0, dtype=np.float32)), artist_tags=NOTHING_SAID,
        track_tags=NOTHING_SAID, friendships=np.zeros((0, 2), dtype=np.int32), ledger_position=0,
        artist_names=PackedNames.of(artists), tag_names=PackedNames.of(tags),
    )  # fmt: skip


def _begun(server: Server, document: Document) -> GraphSnapshot:
    return replace(server.snapshot, elsewhere=sums_laid([document], server.ours))


def _asked(server: Server, artifact: Artifact) -> Doubles:
    view = artist_view(server.snapshot)
    people = np.arange(len(server.relevant), dtype=np.int64)
    return _ndcg(
        model_scorer(view, index_of(artifact, view), friends=False),
        view.plays,
        server.held,
        people,
        server.relevant,
    )


def _ndcg(scorer: Any, seen: sp.csr_matrix, held: sp.csr_matrix, users: Rows, relevant: Rows) -> Doubles:
    return metrics.ndcg(hits_of(rank(scorer, seen, users, seed=0, k=K), held, users), relevant)


def tables(measured: dict[str, Any]) -> str:
    """What ``measure_portable`` found, as Markdown."""
    lines = [
        f"{measured['members']} members of servers of {TOGETHER}; a file of {measured['bytes']:,} bytes ({measured['dtype']}), {measured['items'].get('ARTIST', 0):,} artists in it.",
        "",
        "| model | NDCG@20 |",
        "|---|--:|",
        *(f"| {name} | {value:.4f} |" for name, value in measured["ndcg"].items()),
        "",
        f"The imported model reaches {measured['of_exporter']:.3f} of the exporter's own, and {measured['of_popularity']:.2f} × popularity.",
    ]
    if (there := measured["trained_there"])["members"]:
        lines.append(
            f"After a training there that begins with it, {there['members']} of them are at {there['ndcg']:.4f} (before it {there['imported']:.4f})."
        )
    return "\n".join(lines)
