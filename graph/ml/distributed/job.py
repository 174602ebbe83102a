"""What the workers are asked, and what they answer: files in the directory of one job."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from graph.arrays import Floats
from graph.ml.config import RecommenderConfig
from graph.ml.distributed.checkpoint import replace_whole
from graph.ml.item_item import Block

JOB, PROGRESS, PARTS = "job.json", "progress.json", "parts"
MEETING = "meeting-"  # begins the names of the files by which workers find each other, one a start


@dataclass(frozen=True, kw_only=True)
class Job:
    """The sources of one view of the snapshot whose partitions lie beside it."""

    kind: str
    config: RecommenderConfig

    def write(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        said = json.dumps({"kind": self.kind, "config": self.config.to_json()})
        replace_whole(directory / JOB, lambda path: path.write_text(said, encoding="utf-8"))

    @classmethod
    def read(cls, directory: Path) -> Job:
        said = json.loads((directory / JOB).read_text(encoding="utf-8"))
        return cls(kind=said["kind"], config=RecommenderConfig.from_json(said["config"]))


def block_write(directory: Path, rank: int, block: Block) -> None:
    """One worker's vectors of a source."""
    arrays = {"codes": block.codes, "key_scale": block.key_scale, "query_scale": block.query_scale}
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_whole(_path(directory, block.name, rank), lambda path: save_file(whole, path))


def block_read(directory: Path, name: str, rank: int) -> Block:
    """What `block_write` wrote."""
    return Block(name=name, **load_file(_path(directory, name, rank)))


def codes_write(directory: Path, name: str, rank: int, codes: Floats) -> None:
    """One worker's vectors, of which the process that holds the snapshot will make a block."""
    replace_whole(
        _path(directory, name, rank), lambda path: save_file({"codes": np.ascontiguousarray(codes)}, path)
    )


def arrays_read(directory: Path, name: str, workers: int) -> dict[str, Floats]:
    """What all workers wrote of a source, in the order of the items."""
    parts = [load_file(_path(directory, name, rank)) for rank in range(workers)]
    return {array: np.concatenate([part[array] for part in parts]) for array in parts[0]}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a job cost one worker since it was last started."""

    share: float  # CPU seconds of reading its parts
    memory: float
    network: float
    wall: float  # seconds of all three
    sent_mebibytes: tuple[float, float, float]  # to other workers, for each of the three
    loaded_mebibytes: float  # held before it read anything: the libraries
    peak_mebibytes: float


def cost_write(directory: Path, rank: int, cost: Cost) -> None:
    said = json.dumps(asdict(cost))
    replace_whole(_cost(directory, rank), lambda path: path.write_text(said, encoding="utf-8"))


def costs_read(directory: Path, workers: int) -> list[Cost]:
    """What the job cost each worker."""
    return [Cost(**json.loads(_cost(directory, rank).read_text(encoding="utf-8"))) for rank in range(workers)]


def _cost(directory: Path, rank: int) -> Path:
    return directory / f"cost.{rank:04}.json"


def progress_tell(directory: Path, fraction: float, message: str) -> None:
    said = json.dumps([fraction, message])
    replace_whole(directory / PROGRESS, lambda path: path.write_text(said, encoding="utf-8"))


def progress_read(directory: Path) -> tuple[float, str]:
    """How far the workers are; (0, "") where they have said nothing yet."""
    path = directory / PROGRESS
    if not path.exists():
        return 0.0, ""
    fraction, message = json.loads(path.read_text(encoding="utf-8"))
    return float(fraction), str(message)


def _path(directory: Path, name: str, rank: int) -> Path:
    return directory / f"{name}.{rank:04}.safetensors"
