"""The ONNX graph scores as the index does: by the reference implementation that comes with the format."""

from io import StringIO

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from graph.elsewhere.document import document_write
from graph.elsewhere.names import names_read
from graph.exchange.laid_model import model_laid
from graph.exchange.onnx_graph import onnx_write
from graph.exchange.receive import catalog_of
from graph.management.commands.export_model import Command
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel, Evidence
from tests.graph.exchange.conftest import KEY


@pytest.mark.parametrize("kind", ["ARTIST", "TRACK"])
def test_it_scores_as_the_index_does(document, tmp_path, kind):
    onnx_write(document, tmp_path / "model.onnx", kind)
    named = names_read(document.arrays)
    arrays, description = model_laid(document, catalog_of(named), named)
    index = Artifact.assemble(description, arrays).index(kind)
    graph = onnx.load(tmp_path / "model.onnx")
    evaluator, rng = ReferenceEvaluator(graph), np.random.default_rng(0)
    for entries in (1, 7, 40):
        channel = rng.integers(0, Channel.WORD, entries).astype(np.int8)
        row = rng.integers(0, len(index.keys), entries)
        amount = np.where(channel < 2, rng.integers(1, 3_000, entries), rng.random(entries) * 3).astype(
            np.float32
        )
        (scores,) = evaluator.run(
            None, {"key_row": row, "amount": amount, "channel": channel.astype(np.int64)}
        )
        expected = index.scores(Evidence(key_row=row, amount=amount, channel=channel))
        assert np.abs(scores - expected).max() < 1e-4
    told = {prop.key: prop.value.split("\n") for prop in graph.metadata_props}
    assert len(told["items"]) == len(index)
    assert told["words"] == ["rock", "jazz", "folk"]


def test_every_kind_of_item_is_written(document, tmp_path):
    """A model of both knows both: none is left out without a word."""
    said = StringIO()
    command = Command(stdout=said)
    command._onnx(document_write(document.manifest, document.arrays, KEY), tmp_path / "model.onnx")
    kinds = {
        path.name: {prop.key: prop.value for prop in onnx.load(path).metadata_props}["kind"]
        for path in tmp_path.iterdir()
    }
    assert kinds == {"model.onnx": "ARTIST", "model-track.onnx": "TRACK"}
    assert [line.rsplit(" ", 1)[1] for line in said.getvalue().splitlines()] == ["artists", "tracks"]
