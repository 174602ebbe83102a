"""What accounts made for the purpose can do to other people's lists: fake listeners are added, and everything is learned anew.

Snapshots come in. An attack moves an item into lists that it was not in; whether honest items moved is judged beside a
training with as many honest-looking accounts instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Ints, Rows
from graph.ml.config import BlendConfig, RecommenderConfig
from graph.ml.data import View, artist_view
from graph.ml.evaluate import model_scorer, rank
from graph.ml.progress import Progress, silent
from graph.ml.sources import fit_sources
from graph.ml.train import assemble_view, index_assembled
from graph.snapshot import GraphSnapshot, Plays

SHARE = 0.01  # of all accounts that are an attacker's
FILLER = 60  # items that a fake account plays beside the target
LOUD = 10_000  # plays of the target, by who plays it many times
PUSHED = 100  # and by the others
TOP = 20
RESAMPLES = 2_000


@dataclass(frozen=True)
class History:
    """What one fake account plays."""

    items: Rows
    counts: Doubles


Strategy = Callable[[sp.csr_matrix, int, np.random.Generator], History]


def random_filler(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """Whatever somebody plays, once each."""
    return _with_target(rng.choice(_played(plays), FILLER, replace=False), np.ones(FILLER), target, PUSHED)


def popular_filler(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """The most popular, once each."""
    return _with_target(_popular(plays)[:FILLER], np.ones(FILLER), target, PUSHED)


def segment_filler(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """What the listeners of one of the most popular items play most, the same item for all accounts."""
    fans = plays[plays[:, [_popular(plays)[target % TOP]]].toarray().ravel() > 0]
    return _with_target(_popular(fans)[:FILLER], np.ones(FILLER), target, PUSHED)


def varied_filler(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """The same, each account with others of it: so that no two of them are alike."""
    fans = plays[plays[:, [_popular(plays)[target % TOP]]].toarray().ravel() > 0]
    return _with_target(
        rng.choice(_popular(fans)[: 3 * FILLER], FILLER, replace=False), np.ones(FILLER), target, PUSHED
    )


def many_plays(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """The target above all, beside a few of the most popular."""
    few = rng.choice(_popular(plays)[: 3 * TOP], TOP, replace=False)
    return _with_target(few, np.ones(TOP), target, LOUD)


def mimicry(plays: sp.csr_matrix, target: int, rng: np.random.Generator) -> History:
    """A real listener's whole history, and the target as loud as the loudest of it."""
    row = plays[int(rng.choice(np.flatnonzero(np.diff(plays.indptr) >= TOP)))]
    return _with_target(row.indices, row.data.astype(np.float64), target, float(row.data.max()))


STRATEGIES: dict[str, Strategy] = {
    "random filler": random_filler,
    "popular filler": popular_filler,
    "one taste's filler": segment_filler,
    "one taste's filler, varied": varied_filler,
    "many plays of the target": many_plays,
    "mimics who are friends": mimicry,
}
FRIENDS = frozenset({"mimics who are friends"})  # whose accounts all know one another


def attacked(
    snapshot: GraphSnapshot, strategy: str, target: int, *, seed: int, share: float = SHARE
) -> GraphSnapshot:
    """The snapshot with as many fake accounts as ``share`` of its people, who push the artist at row ``target``."""
    rng = np.random.default_rng([seed, target])
    plays = artist_view(snapshot).plays
    histories = [STRATEGIES[strategy](plays, target, rng) for _ in range(_accounts(snapshot, share))]
    return joined(snapshot, histories, friends=strategy in FRIENDS)


def honest_looking(snapshot: GraphSnapshot, *, seed: int, share: float = SHARE) -> GraphSnapshot:
    """The snapshot with as many accounts that play what real ones do, each half of two people's items, and push nothing."""
    rng = np.random.default_rng([seed, 1])
    plays = artist_view(snapshot).plays
    people = np.flatnonzero(np.diff(plays.indptr) >= TOP)
    histories = []
    for _ in range(_accounts(snapshot, share)):
        both = plays[rng.choice(people, 2, replace=False)].max(axis=0).tocsr()
        kept = rng.random(both.nnz) < 0.5
        histories.append(History(both.indices[kept], both.data[kept].astype(np.float64)))
    return joined(snapshot, histories, friends=False)


def joined(snapshot: GraphSnapshot, histories: list[History], *, friends: bool) -> GraphSnapshot:
    """The snapshot with one more account for each history, behind everybody; ``friends``: all of them of one another."""
    before = len(snapshot.users)
    user = np.repeat(np.arange(before, before + len(histories)), [len(one.items) for one in histories])
    old = snapshot.artist_plays
    plays = Plays(
        user=np.concatenate([old.user, user]).astype(np.int32),
        item=np.concatenate([old.item, *(one.items for one in histories)]).astype(np.int32),
        count=np.concatenate([old.count, *(one.counts for one in histories)]).astype(np.float32),
    )
    low, high = np.triu_indices(len(histories) if friends else 0, 1)
    pairs = (np.stack([low, high], axis=1) + before).astype(np.int32)
    last = int(snapshot.users.max(initial=0))
    return replace(
        snapshot,
        users=np.concatenate([snapshot.users, np.arange(last + 1, last + 1 + len(histories))]),
        discoverable=np.concatenate([snapshot.discoverable, np.zeros(len(histories), dtype=bool)]),
        artist_plays=plays, friendships=np.concatenate([snapshot.friendships, pairs]),
    )  # fmt: skip


def lists(snapshot: GraphSnapshot, people: Rows, config: RecommenderConfig, blend: BlendConfig) -> Ints:
    """The best ``TOP`` artists for each of ``people`` by a model learned from ``snapshot`` [P, TOP], rows of artists."""
    view = artist_view(snapshot)
    arrays, described = assemble_view(view, fit_sources(view, config, silent), blend)
    scorer = model_scorer(view, index_assembled(view, arrays, described))
    return np.asarray(rank(scorer, view.plays, people, seed=0, k=TOP), dtype=np.int64)


def targets(view: View, count: int, seed: int) -> Rows:
    """Artists that few people play: as many as may be learned from, and no more than four times as many."""
    few = np.flatnonzero((view.players >= 5) & (view.players <= 20))
    return np.sort(np.random.default_rng([seed, 2]).choice(few, count, replace=False))


def _with_target(items: Rows, counts: Doubles, target: int, plays: float) -> History:
    others = items != target
    return History(np.append(items[others], target), np.append(counts[others], plays))


def _accounts(snapshot: GraphSnapshot, share: float) -> int:
    return max(round(share * len(snapshot.users)), 1)


def _played(plays: sp.csr_matrix) -> Rows:
    return np.flatnonzero(np.bincount(plays.indices, minlength=plays.shape[1]))


def _popular(plays: sp.csr_matrix) -> Rows:
    return np.argsort(-np.bincount(plays.indices, minlength=plays.shape[1]), kind="stable")


def measured(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    blend: BlendConfig,
    pushed: int,
    asked: int,
    seed: int,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Every strategy against ``pushed`` targets, by the lists of ``asked`` honest people; ``blend`` is learned without attack."""
    view = artist_view(snapshot)
    rng = np.random.default_rng([seed, 3])
    people = np.sort(rng.permutation(np.flatnonzero(np.diff(view.plays.indptr)))[:asked])
    chosen = targets(view, pushed, seed)
    done, steps = 0, 1 + pushed + len(STRATEGIES) * pushed

    def listed(of: GraphSnapshot, what: str) -> Ints:
        nonlocal done
        found = lists(of, people, config, blend)
        done += 1
        progress(done / steps, what)
        return found

    clean = listed(snapshot, "without anybody")
    noise = [
        listed(honest_looking(snapshot, seed=seed + n), "honest-looking accounts") for n in range(pushed)
    ]
    rows = {}
    for strategy in STRATEGIES:
        tops = [listed(attacked(snapshot, strategy, int(target), seed=seed), strategy) for target in chosen]
        gains = np.array(
            [_holds(top, target) - _holds(clean, target) for top, target in zip(tops, chosen, strict=True)]
        )
        moved = np.array([
            _changed(clean, top, target) - _changed(clean, usual, target)
            for top, usual, target in zip(tops, noise, chosen, strict=True)
        ])  # fmt: skip
        rows[strategy] = {
            "gain": _mean(gains, rng), "moved": _mean(moved, rng),
            "worst_item": max(_worst(clean, top, target) for top, target in zip(tops, chosen, strict=True)),
        }  # fmt: skip
    usual = [_changed(clean, top, -1).mean() for top in noise]
    return {
        "accounts": _accounts(snapshot, SHARE), "people": len(people), "targets": len(chosen), "seed": seed,
        "strategies": rows, "changed_by_honest_looking": float(np.mean(usual)),
        "worst_item_by_honest_looking": max(_worst(clean, top, -1) for top in noise),
    }  # fmt: skip


def table(figures: Mapping[str, Any]) -> str:
    """What was measured, as Markdown."""
    lines = [
        (
            f"{figures['accounts']} accounts, {figures['targets']} targets, the {TOP} best of {figures['people']:,} people, seed {figures['seed']}. "
            f"As many honest-looking accounts change {figures['changed_by_honest_looking']:.1%} of an average list; the item "
            f"that moves most by them comes into or leaves {figures['worst_item_by_honest_looking']:.1%} of lists."
        ),
        "",
        "| strategy | lists that hold the target, more than before | other items of a list that changed, beyond that | worst honest item |",
        "| --- | --: | --: | --: |",
    ]
    for strategy, row in figures["strategies"].items():
        gain, moved = row["gain"], row["moved"]
        lines.append(
            f"| {strategy} | {gain['mean']:+.2%} ({gain['low']:+.2%} to {gain['high']:+.2%}) "
            f"| {moved['mean']:+.2%} ({moved['low']:+.2%} to {moved['high']:+.2%}) | {row['worst_item']:.1%} |"
        )
    return "\n".join(lines)


def _holds(top: Ints, target: int) -> Doubles:
    """1 for each list that holds the target [P]."""
    return np.asarray((top == target).any(axis=1), dtype=np.float64)


def _changed(before: Ints, after: Ints, target: int) -> Doubles:
    """The share of each list [P] that came into it, the target left aside."""
    came = (after[:, :, None] != before[:, None, :]).all(axis=2) & (after != target)
    return np.asarray(came.mean(axis=1), dtype=np.float64)


def _worst(before: Ints, after: Ints, target: int) -> float:
    """By how large a share of the lists that item changed which changed most, the target left aside."""
    size = int(max(before.max(), after.max())) + 1
    change = np.bincount(after.ravel(), minlength=size) - np.bincount(before.ravel(), minlength=size)
    if target >= 0:
        change[target] = 0
    return float(np.abs(change).max() / len(before))


def _mean(found: Doubles, rng: np.random.Generator) -> dict[str, float]:
    """Over targets and people [T, P], with a 95 % bootstrap interval over people."""
    each = found.mean(axis=0)
    drawn = each[rng.integers(len(each), size=(RESAMPLES, len(each)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"mean": float(each.mean()), "low": float(low), "high": float(high)}
