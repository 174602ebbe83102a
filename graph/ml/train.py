"""From a snapshot to a fitted recommender: sources, blend, and what makes friends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Floats, Ids
from graph.ml.blend import MIN_VIEWERS, STEPS, learn_blend
from graph.ml.coarse import Steps, coarse_steps, people_of
from graph.ml.config import BlendConfig, RecommenderConfig
from graph.ml.data import View, views
from graph.ml.item_item import Block
from graph.ml.progress import Progress, silent, within
from graph.ml.rounding import round_vectors
from graph.ml.social import fit_pair_score, taste_kind, what_is_common
from graph.ml.sources import SOURCES, FitSources, fit_here
from graph.ml.split import held_out, split_snapshot
from graph.ml.styles import find_styles
from graph.ml.words import fit_words
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, ChannelRule
from graph.serving.friend_index import FEATURES, PairScore
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot
from graph.words.table import table_arrays

SPREAD_SAMPLE = 500  # listeners from whose scores a source's spread is measured
LEARNED = tuple(STEPS)  # weights that a validation split may move


@dataclass(frozen=True, kw_only=True)
class FittedRecommender:
    """Everything serving needs, in memory."""

    arrays: dict[str, NDArray[Any]]  # names as in the artifact's tensors
    description: dict[str, Any]  # the manifest's "views" and "pairs"
    config: RecommenderConfig
    snapshot_hash: str
    ledger_position: int

    def artifact(self) -> Artifact:
        """The indexes as they would be after a load from disk."""
        return Artifact.assemble({**self.description, "config": asdict(self.config)}, self.arrays)


def fit(
    snapshot: GraphSnapshot,
    config: RecommenderConfig,
    *,
    before: Mapping[str, Steps] | None = None,
    blends: Mapping[str, BlendConfig] | None = None,
    rounded: bool = True,
    sources: FitSources = fit_here,
    progress: Progress = silent,
) -> FittedRecommender:
    """Train every source on every view, then the friend suggestions.

    ``progress`` hears a fraction in [0, 1] and what is being done; ``before`` are the popularity steps of the model
    before, ``blends`` weights that are learned already, by view; not ``rounded``, vectors stay as float32. ``sources``
    says who fits them. The result depends on the snapshot, the config and these only.
    """
    arrays: dict[str, NDArray[Any]] = {}
    described: dict[str, Any] = {}
    candidate_views = views(snapshot)
    parts = len(candidate_views) + 2
    if blends is None:
        blends = learned_blends(
            snapshot, config, sources=sources, progress=within(progress, 0, 1 / parts, "weights")
        )
    for position, view in enumerate(candidate_views):
        part = within(progress, (position + 1) / parts, (position + 2) / parts, view.kind.lower())
        blocks = _blocks(snapshot, view, config, sources, part)
        blend, steps = blends.get(view.kind) or blend_begun(view, config), (before or {}).get(view.kind)
        view_arrays, described[view.kind] = assemble_view(view, blocks, blend, rounded=rounded, before=steps)
        index = index_assembled(view, view_arrays, described[view.kind])
        view_arrays |= fit_words(view, index.queries)
        arrays |= {f"{view.kind.lower()}.{name}": array for name, array in view_arrays.items()}
    if len(snapshot.tag_names):
        arrays |= {f"table.{name}": array for name, array in table_arrays().items()}
    progress(1 - 1 / parts, "learning who knows whom" if len(snapshot.friendships) else "putting it together")
    arrays |= _tastes_apart(
        snapshot, candidate_views, Artifact.assemble({"views": described}, arrays), config
    )
    artifact = Artifact.assemble({"views": described}, arrays)
    score = fit_pair_score(snapshot, candidate_views, artifact, config)
    arrays |= _hidden_units(score)
    progress(1.0, "trained")
    return FittedRecommender(
        arrays=arrays,
        description={
            "views": described,
            "pairs": {"features": list(FEATURES), "weights": dict(score.weights)},
        },
        config=config,
        snapshot_hash=snapshot.content_hash,
        ledger_position=snapshot.ledger_position,
    )


def _tastes_apart(
    snapshot: GraphSnapshot, candidate_views: list[View], artifact: Artifact, config: RecommenderConfig
) -> dict[str, NDArray[Any]]:
    """What tastes have in common, of the view by which people are compared; nothing where few people are."""
    kind = taste_kind(snapshot)
    for view in candidate_views:
        index = artifact.index(kind)
        if view.kind == kind and index is not None:
            folded = index.folded_first(view.plays)
            if folded.any(axis=1).sum() >= config.blend.min_contributors:
                common = what_is_common(folded)
                return {f"{kind.lower()}.taste_{name}": array for name, array in common.items()}
    return {}


def _hidden_units(score: PairScore) -> dict[str, NDArray[Any]]:
    units = {"pairs.into": score.into, "pairs.bias": score.bias, "pairs.out": score.out}
    return {name: array for name, array in units.items() if array is not None}


def learned_blends(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, progress: Progress, sources: FitSources = fit_here
) -> dict[str, BlendConfig]:
    """The weights of each view that a validation split can teach; nothing where it cannot."""
    if config.untrained or not config.blend.learned:
        return {}
    split = split_snapshot(snapshot, seed=config.seed, item_share=0.1, friend_share=0.0)
    blends = {}
    training_views = views(split.train)
    for position, view in enumerate(training_views):
        held = held_out(view, split)
        if (np.diff(held.indptr) > 0).sum() >= MIN_VIEWERS:
            start, stop = position / len(training_views), (position + 1) / len(training_views)
            part = within(progress, start, stop, view.kind.lower())
            blocks = _blocks(split.train, view, config, sources, part)
            begun = blend_begun(view, config)
            arrays, described = assemble_view(view, blocks, begun)
            index = index_assembled(view, arrays, described)
            blends[view.kind] = learn_blend(view, held, index, begun)
    return blends


def blend_begun(view: View, config: RecommenderConfig) -> BlendConfig:
    """The weights where nothing is learned of them here: those of the model that was imported, else as configured."""
    if view.starter is None or config.untrained or not config.blend.learned:
        return config.blend
    learned = {name: view.starter.blend[name] for name in LEARNED if name in view.starter.blend}
    return replace(config.blend, **learned)


def _blocks(
    snapshot: GraphSnapshot, view: View, config: RecommenderConfig, sources: FitSources, progress: Progress
) -> list[Block]:
    """The blocks of vectors whose scores add up, in column order."""
    if config.untrained:
        return [_random(source.name, len(view.ids), config.seed) for source in SOURCES]
    return sources(snapshot, view, config, progress)


def assemble_view(
    view: View,
    blocks: list[Block],
    blend: BlendConfig,
    *,
    rounded: bool = True,
    before: Steps | None = None,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """One view's arrays and its part of the manifest; not ``rounded``, vectors stay as float32.

    ``before``: the popularity steps of the model before, which single people do not move.
    """
    spread = {block.name: spread_of(view, block, blend) for block in blocks}
    blocks = [
        _rotated(replace(block, query_scale=block.query_scale / spread[block.name])) for block in blocks
    ]
    keys = np.concatenate([block.keys for block in blocks], axis=1)
    widths = [block.codes.shape[1] for block in blocks]
    steps = coarse_steps(view.ids, view.listeners.astype(np.int64), blend.min_contributors, before)
    shown = people_of(steps, blend.min_contributors)
    if view.elsewhere is not None:
        shown += view.elsewhere.people
    arrays: dict[str, NDArray[Any]] = {
        "ids": view.ids.astype(np.int64),
        "open": view.open,
        "prior": (blend.popularity * np.log1p(shown)).astype(np.float32),
        "step": steps.astype(np.int8),
        "key_scale": np.stack([block.key_scale for block in blocks], axis=1).astype(np.float32),
        "query_scale": np.stack([block.query_scale for block in blocks], axis=1).astype(np.float32),
        "style": find_styles(blocks[0].keys, shown > 0, seed=len(view.ids)),
    }
    arrays["codes"] = np.concatenate([block.codes for block in blocks], axis=1)
    for name, incidence, ids in (("tag", view.tags, view.tag_ids), ("artist", view.artists, view.artist_ids)):
        arrays[f"{name}_ids"], arrays[f"{name}_keys"] = _feature_keys(incidence, ids, keys)
    if rounded:
        arrays = round_vectors(arrays, widths)
    edges = np.cumsum([0, *widths]).tolist()
    sources = [
        {"name": block.name, "start": start, "stop": stop}
        for block, start, stop in zip(blocks, edges, edges[1:], strict=False)
    ]
    weights = tuple(float(getattr(blend, block.name)) for block in blocks)
    rules = {channel.name: asdict(rule) for channel, rule in channel_rules(blend, weights, view.unit).items()}
    return arrays, {"sources": sources, "channels": rules, "blend": asdict(blend), "spread": spread}


def index_assembled(view: View, arrays: dict[str, NDArray[Any]], described: dict[str, Any]) -> ItemIndex:
    """The index that serves what ``assemble_view`` made, of this view alone."""
    named = {f"{view.kind.lower()}.{name}": array for name, array in arrays.items()}
    index = Artifact.assemble({"views": {view.kind: described}}, named).index(view.kind)
    if index is None:
        raise ValueError(f"nothing was assembled for {view.kind}")
    return index


def channel_rules(blend: BlendConfig, weights: tuple[float, ...], unit: float) -> dict[Channel, ChannelRule]:
    """How each channel's evidence weighs."""

    def rule(gain: float, *, counts: bool, identity: float = 0.0) -> ChannelRule:
        return ChannelRule(
            gain=gain,
            logarithmic=counts,
            unit=unit,
            count_power=blend.count_power,
            identity=identity,
            weights=weights,
            power=blend.play_power,
        )

    return {
        Channel.OWN: rule(1.0, counts=True),
        Channel.FRIEND: rule(
            blend.friend_gain, counts=True, identity=blend.friend_identity / blend.friend_gain
        ),
        Channel.PICK: rule(blend.pick_gain, counts=False),
        Channel.PROMPT_TAG: rule(blend.prompt_gain, counts=False),
        Channel.NEGATIVE: rule(-blend.negative_gain, counts=False, identity=blend.negative_identity),
    }


def _rotated(block: Block) -> Block:
    """The block in a random orthogonal basis: the same products, and columns of like size, so that
    rounding to int8 costs least.
    """
    width = block.codes.shape[1]
    basis, _ = np.linalg.qr(np.random.default_rng(width).standard_normal((width, width)))
    return replace(block, codes=block.codes @ basis.astype(np.float32))


def spread_of(view: View, block: Block, blend: BlendConfig) -> float:
    """The standard deviation of the block's scores over listeners: what they are divided by, so that sources compare.

    Where few are learned from, over those of the model that was imported; where nobody is, over listeners of one item each.
    """
    counts = np.diff(view.strength.indptr)
    listeners = np.flatnonzero(counts)[:SPREAD_SAMPLE]
    if view.starter is not None and len(listeners) < MIN_VIEWERS and block.name in view.starter.spread:
        return view.starter.spread[block.name]
    if len(listeners):
        scale = counts[listeners].astype(np.float32) ** -blend.count_power
        folded = (view.strength[listeners] @ block.keys) * scale[:, None]
    else:
        folded = block.keys[np.flatnonzero(block.keys.any(axis=1))[:SPREAD_SAMPLE]]
    if not folded.any():
        return 1.0
    return max(spread_of_products(folded, block.queries), 1e-12)


def spread_of_products(left: Floats, right: Floats) -> float:
    """Standard deviation of all entries of ``left @ right.T``, without a table of that size."""
    mean = left.mean(axis=0, dtype=np.float64) @ right.mean(axis=0, dtype=np.float64)
    grams = (left.T @ left).astype(np.float64) * (right.T @ right)
    return float(np.sqrt(max(grams.sum() / (len(left) * len(right)) - mean**2, 0.0)))


def _feature_keys(incidence: sp.csr_matrix, ids: Ids, keys: Floats) -> tuple[Ids, Floats]:
    """Keys of features that some item carries: the sum over their items, by the root of their number."""
    used = np.flatnonzero(np.diff(incidence.indptr))
    weights = incidence[used].astype(np.float32)
    weights.data = np.sqrt(weights.data)
    total = np.asarray(weights.sum(axis=1)).ravel()
    scaled = sp.diags((np.where(total > 0, total, 1) ** -0.5).astype(np.float32)) @ weights
    return ids[used].astype(np.int64), np.asarray(scaled @ keys, dtype=np.float32).reshape(
        len(used), keys.shape[1]
    )


def _random(name: str, items: int, seed: int) -> Block:
    rng = np.random.default_rng([seed, len(name)])
    ones = np.ones(items, dtype=np.float32)
    return Block(
        name=name,
        codes=rng.standard_normal((items, 16)).astype(np.float32),
        key_scale=ones,
        query_scale=ones,
    )
