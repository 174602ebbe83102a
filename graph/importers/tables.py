"""Reading tab-separated files with a header line, row by row, without trusting any of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from discovery.platform.errors import ImportFailed, InvalidInput
from graph.importers.report import FileReport, Watcher

T = TypeVar("T")

MAX_LINE = 65_536  # bytes; a longer line is broken, whatever it holds


@dataclass(frozen=True)
class Table(Generic[T]):
    """A file's name, encoding and columns, and what makes a row of it a value.

    ``parse`` gets exactly one string a column and raises InvalidInput for what it cannot take.
    """

    file: str
    encoding: str
    columns: tuple[str, ...]
    parse: Callable[[list[str]], T]


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    line: int  # 1-based; the header is line 1
    value: T


def tables_check(folder: Path, tables: list[Table[Any]]) -> None:
    """Raise one ImportFailed that names every file that is missing, empty or not what it should be."""
    if not folder.is_dir():
        raise ImportFailed(f"{folder} is not a folder. Nothing was stored.")
    problems = [problem for table in tables if (problem := _problem(folder, table))]
    if problems:
        raise ImportFailed(f"Cannot import {folder}: {'; '.join(problems)}. Nothing was stored.")


def _problem(folder: Path, table: Table[Any]) -> str | None:
    path = folder / table.file
    if not path.is_file():
        return f"{table.file} is missing"
    try:
        with path.open("rb") as file:
            header = file.readline(MAX_LINE)
            if not header.strip() and not file.read(MAX_LINE).strip():
                return f"{table.file} is empty"
    except OSError as error:
        return f"{table.file} cannot be read ({error.strerror})"
    columns = header.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode("latin-1").split("\t")
    if tuple(columns) != table.columns:
        return f"{table.file} does not start with the columns {', '.join(table.columns)}"
    return None


def rows(folder: Path, table: Table[T], *, report: FileReport, watcher: Watcher) -> Iterator[Row[T]]:
    """The rows that can be read as values; each other one is counted and reported with its line."""
    with (folder / table.file).open("rb") as file:
        watcher.bytes_read(table.file, len(file.readline(MAX_LINE)))
        at = file.tell()
        for line, raw in enumerate(_lines(file), start=2):
            if line % 1000 == 0:
                watcher.bytes_read(table.file, file.tell() - at)
                at = file.tell()
            if not raw.strip():
                continue
            report.read += 1
            try:
                value = table.parse(_split(raw, table))
            except InvalidInput as error:
                row_break(report, watcher, line=line, reason=error.message)
            else:
                yield Row(line, value)
        watcher.bytes_read(table.file, file.tell() - at)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines of the file; one that is too long is cut where its length shows."""
    while line := file.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE + 1)
        yield line


def _split(raw: bytes, table: Table[T]) -> list[str]:
    if len(raw) > MAX_LINE:
        raise InvalidInput("line too long")
    try:
        columns = raw.rstrip(b"\r\n").decode(table.encoding).split("\t")
    except UnicodeDecodeError:
        raise InvalidInput(f"not {table.encoding}") from None
    if len(columns) != len(table.columns):
        raise InvalidInput(f"not {len(table.columns)} columns")
    return columns


def row_break(report: FileReport, watcher: Watcher, *, line: int, reason: str) -> None:
    """Count a row that cannot be stored, and say where it stands."""
    report.skipped[reason] += 1
    watcher.row_broken(report.file, line=line, reason=reason)


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch
