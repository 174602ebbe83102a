"""Every choice of a training run, frozen and stored with the model."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from accounts import policies
from graph.words.lists import vocabulary


@dataclass(frozen=True, kw_only=True)
class ItemItemConfig:
    """The item–item source: ridge regression between items, solved through a truncated SVD."""

    dims: int = 192
    ridge: float = 80.0
    degree_power: float = 0.51  # the ridge of an item grows with this power of its weight
    key_power: float = 0.5  # rare items say more as evidence: key ∝ ridge^-key_power
    query_power: float = 0.03  # popular items rank higher: query ∝ ridge^query_power
    shrink_power: float = 1.05  # how much more the first singular directions count
    play_power: float = 1.7  # of log1p(count): how much more a favorite says than a passing play
    loudest: float = 3.0  # of a listener's items, in means of theirs: of a thousand plays one is beyond it
    row_power: float = 0.15  # a listener's row is divided by its length, in mean lengths, to this power
    tag_weight: float = 0.62  # size of all tag rows relative to all plays
    tag_count_power: float = 0.62  # of how many people use the tag for the item
    tag_power: float = 0.55  # a tag's row is divided by its length to this power
    tag_min_items: int = 3
    friend_weight: float = 0.42  # rows of what each listener's friends play together
    friend_power: float = 0.75  # divided by the number of friends to this power
    rounds: int = 3  # power iterations of the randomized SVD
    keep_dims: int | None = None  # prune to so many columns once learned


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The graph neural network."""

    dims: int = 64
    layers: int = 1
    epochs: int = 10
    learning_rate: float = 0.01
    temperature: float = 0.35
    count_power: float = 0.5
    friend_weight: float = 0.1  # share of the user–user loss
    weight_decay: float = 5e-4
    sample_above: int = 50_000  # candidates from which on the softmax is sampled
    sampled_items: int = 8_192
    sample_above_cells: int = 200_000_000  # listeners × items from which on it is sampled, too, and how many
    sampled_of_cells: int = 2_048
    batch_users: int = 512
    most_batches: int = 16  # an epoch; each passes the whole graph, so that more would cost as its square
    full_batch_above: int = 2_000_000  # plays from which on an epoch is one step over the whole graph
    full_batch_epochs: int = 24
    full_batch_items: int = 4_096  # candidates drawn for a thousand listeners of such an epoch
    sampled_plays: int = 2_000_000  # whose loss is taken in such an epoch
    keep_dims: int | None = None  # prune to so many columns once learned


@dataclass(frozen=True, kw_only=True)
class ContentConfig:
    """Vectors of items nobody plays, regressed on tag profiles."""

    gain: float = 0.4  # how loud such an item is beside a played one that is tagged as much
    ridge: float = 20.0
    count_power: float = 0.5  # of how many people use the tag for the item
    rarity_power: float = 0.5  # of log(items / items with the tag)
    min_items: int = 2
    rounds: int = 30  # of conjugate gradients


@dataclass(frozen=True, kw_only=True)
class BlendConfig:
    """How sources, channels and popularity add up."""

    memory: float = 1.0  # of the item–item source, which stored models know by this name; in units of spread
    network: float = 1.0
    popularity: float = 0.1  # per unit of log1p(listeners)
    play_power: float = 1.5  # of log1p(count): a little less than where the item–item source learns
    count_power: float = 0.5  # evidence of a channel is scaled by its count to minus this power
    friend_gain: float = 0.02
    friend_identity: float = 0.8  # a friend's play lifts that very item
    negative_gain: float = 1.0
    negative_identity: float = 0.5
    pick_gain: float = 1.0
    prompt_gain: float = 1.0
    learned: bool = True  # move the weights where a validation split shows a gain
    min_contributors: int = policies.SMALLEST_AGGREGATE  # no aggregate of fewer people leaves the model


@dataclass(frozen=True, kw_only=True)
class RecommenderConfig:
    """One training run. ``untrained`` leaves random vectors: what promotion must refuse."""

    seed: int = 7
    untrained: bool = False
    memory: ItemItemConfig = ItemItemConfig()  # stored models know the item–item source by this name
    network: NetworkConfig = NetworkConfig()
    content: ContentConfig = ContentConfig()
    blend: BlendConfig = BlendConfig()
    # What words mean: another table, or other lists, and the next training is due.
    vocabulary: str = dataclasses.field(default_factory=vocabulary)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RecommenderConfig:
        """Raises TypeError on a name that is not a setting, ValueError on what is not JSON."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RecommenderConfig:
        parts = {
            "memory": ItemItemConfig,
            "network": NetworkConfig,
            "content": ContentConfig,
            "blend": BlendConfig,
        }
        return cls(**{k: parts[k](**v) if k in parts else v for k, v in values.items()})
