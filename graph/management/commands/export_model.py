"""``export_model FILE [--dtype int8|float16|float32] [--lean] [--onnx FILE]``"""

from __future__ import annotations

from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError


class Command(BaseCommand):
    help = "Train a model for other installations, on people who allow that, and write it as one signed file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--dtype", choices=("int8", "float16", "float32"), default="int8", help="of the vectors"
        )
        parser.add_argument("--lean", action="store_true", help="as few columns as a validation split allows")
        parser.add_argument(
            "--onnx",
            type=Path,
            metavar="FILE",
            help="write how it scores as ONNX graphs, too: artists here, tracks into FILE-track",
        )

    def handle(self, *, file: Path, dtype: str, lean: bool, onnx: Path | None, **_: Any) -> None:
        from graph.bench.compression import narrowest
        from graph.exchange.files import ensure_writable, our_key
        from graph.exchange.leaving import model_export

        if onnx is not None:
            self._ensure_onnx(onnx, file)  # a training takes minutes
        try:
            if onnx is not None:
                ensure_writable(onnx)
            exported = model_export(
                file, dtype=dtype, narrowed=narrowest if lean else None,
                progress=lambda fraction, step: self.stderr.write(f"{fraction:4.0%} {step}"),
            )  # fmt: skip
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error
        self.stdout.write(f"{file}: {len(exported.blob):,} bytes, signed by {our_key()}")
        for kind, number in exported.items.items():
            self.stdout.write(f"{kind}: {number} items")
        if onnx is not None:
            self._onnx(exported.blob, onnx)

    def _ensure_onnx(self, path: Path, file: Path) -> None:
        if find_spec("onnx") is None:
            raise CommandError("ONNX takes the package onnx: pip install 'earshot[onnx]'")
        if path.resolve() == file.resolve():
            raise CommandError("The ONNX graph takes another file than the model.")

    def _onnx(self, blob: bytes, path: Path) -> None:
        from graph.elsewhere.document import MODEL, document_read
        from graph.exchange.onnx_graph import onnx_write

        document = document_read(blob, expected=MODEL)
        for number, kind in enumerate(sorted(document.views())):
            place = path if number == 0 else path.with_stem(f"{path.stem}-{kind.lower()}")
            size = onnx_write(document, place, kind)
            self.stdout.write(f"{place}: {size:,} bytes, how it scores {kind.lower()}s")
