"""The process beside a worker that reads the rows of large pages for it, so that it has its own core for the rest.

    python -m app.providers.meta.reading_process

On its standard input comes one page after the other: a head, and the page's rows as Meta's JSON. On its standard output
goes a head and the rows by columns for each, or nothing but the head for a page in another than the usual shape. It
ends with its input, which is to say with the worker. It opens no file and no connection, and knows no secret.
"""

from __future__ import annotations

import gc
import signal
import sys
from contextlib import suppress
from datetime import date  # noqa: TC003  # msgspec looks the fields' types up
from struct import Struct
from typing import BinaryIO, NamedTuple

import msgspec

from app.metrics.levels import Level
from app.providers.insight_rows import InsightRows
from app.providers.meta.plain_insights import PlainInsights

ASKED = Struct(">IB")  # bytes that follow, level
ANSWERED = Struct(">I")  # bytes that follow


class _Columns(NamedTuple):
    """InsightRows, as they travel."""

    external_ids: list[str]
    stat_dates: list[date]
    counters: list[list[int]]
    reported_ratios: list[str | None]
    attribution_settings: list[str | None]
    lineage: list[list[str | None]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Columns).decode


def rows_to_bytes(rows: InsightRows) -> bytes:
    return _encode(
        (
            rows.external_ids,
            rows.stat_dates,
            rows.counters,
            rows.reported_ratios,
            rows.attribution_settings,
            rows.lineage,
        )
    )


def rows_from_bytes(content: bytes) -> InsightRows:
    return InsightRows(*_decode(content))


def main() -> None:
    # What ends the worker's whole group ends us when it has no more pages.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()  # what is made here goes by its reference counts
    with suppress(BrokenPipeError):  # nobody waits for the answer
        _read_pages(sys.stdin.buffer, sys.stdout.buffer)


def _read_pages(source: BinaryIO, sink: BinaryIO) -> None:
    readers = {level: PlainInsights(level) for level in Level}
    while len(head := source.read(ASKED.size)) == ASKED.size:
        size, level = ASKED.unpack(head)
        page = source.read(size)
        if len(page) < size:
            return
        rows = readers[Level(level)].read(page)
        content = b"" if rows is None else rows_to_bytes(rows)
        sink.write(ANSWERED.pack(len(content)))
        sink.write(content)
        sink.flush()


if __name__ == "__main__":
    main()
