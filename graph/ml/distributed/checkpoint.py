"""What a training goes on from when one of its workers was lost.

Each worker writes its own piece and puts it in place whole; once all of them have, the first one moves the pointer.
Whoever is started again finds the last checkpoint of which every piece is there, or none.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from graph.ml.distributed.group import Group

POINTER = "checkpoint.json"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How far a job is: ``epochs`` of the network; the memory is done where there is any checkpoint."""

    workers: int
    epochs: int


class Checkpoints:
    """Of one job, in its directory."""

    def __init__(self, directory: Path, group: Group) -> None:
        self._directory, self._group = directory, group

    def reached(self) -> Reached | None:
        """The last checkpoint; none where there is none, or where it is of another number of workers."""
        path = self._directory / POINTER
        if not path.exists():
            return None
        reached = Reached(**json.loads(path.read_text(encoding="utf-8")))
        return reached if reached.workers == self._group.size else None

    def save(self, epochs: int, state: dict[str, Any]) -> None:
        replace_whole(self._path(epochs), lambda path: torch.save(state, path))
        dist.barrier()
        if self._group.rank == 0:
            said = json.dumps(asdict(Reached(workers=self._group.size, epochs=epochs)))
            replace_whole(self._directory / POINTER, lambda path: path.write_text(said, encoding="utf-8"))
        dist.barrier()
        for path in self._directory.glob(f"*.{self._group.rank:04}.pt"):
            if path != self._path(epochs):
                path.unlink()

    def load(self, reached: Reached) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(self._path(reached.epochs), weights_only=True)
        return state

    def _path(self, epochs: int) -> Path:
        return self._directory / f"{epochs:04}.{self._group.rank:04}.pt"


def replace_whole(path: Path, write: Any) -> None:
    """Write a file beside and move it into place: nobody ever reads half of one."""
    draft = path.with_name(f".{path.name}.draft")
    write(draft)
    os.replace(draft, path)  # noqa: PTH105
