"""The formats of exports: CSV (RFC 4180) and NDJSON (one JSON object a line), both in UTF-8."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from graphql_schema.exports import Cell, Column

    Row = Sequence[Cell]

__all__ = ["FORMATS", "Format"]

# Characters that a spreadsheet takes for the start of a formula, or strips before one:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last: full-width
_WORDS = {True: "true", False: "false"}


class Format(NamedTuple):
    """`start` returns the bytes before the first row, `rows` those of some rows."""

    media_type: str
    start: Callable[[Sequence[Column]], bytes]
    rows: Callable[[Sequence[Column], Iterable[Row]], bytes]


def _csv_start(columns: Sequence[Column]) -> bytes:
    return _csv_lines([[column.name for column in columns]])


def _csv_rows(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    texts = [place for place, column in enumerate(columns) if column.is_text]
    return _csv_lines(_csv_cells(row, texts) for row in rows)


def _csv_cells(row: Row, texts: Sequence[int]) -> list[Cell]:
    cells = [_WORDS[cell] if cell is True or cell is False else cell for cell in row]
    for place in texts:
        cells[place] = _harmless(cells[place])
    return cells


def _harmless(cell: Cell) -> Cell:
    """Text that no spreadsheet evaluates: an apostrophe in front of a formula makes it plain text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _csv_lines(rows: Iterable[Row]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _ndjson_start(_columns: Sequence[Column]) -> bytes:
    return b""


def _ndjson_rows(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    names = [column.name for column in columns]
    return b"".join(orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE) for row in rows)


FORMATS = {
    "csv": Format("text/csv; charset=utf-8; header=present", _csv_start, _csv_rows),
    "ndjson": Format("application/x-ndjson; charset=utf-8", _ndjson_start, _ndjson_rows),
}
