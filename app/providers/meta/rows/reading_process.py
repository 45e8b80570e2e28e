"""The process beside a worker that reads the rows of large pages for it, so that it has its own core for the rest.

    python -m app.providers.meta.rows.reading_process

On its standard input comes one page after the other: a head, and the page's rows as Meta's JSON. On its standard output
goes a head and the rows by columns for each, or nothing but the head for a page in another than the usual shape. It
ends with its input, which is to say with the worker. It opens no file and no connection, and knows no secret.
"""

from __future__ import annotations

import gc
import signal
import sys
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING

import msgspec

from app.metrics.levels import Level
from app.providers.insight_rows import InsightRows
from app.providers.meta.rows.plain_insights import PlainInsights

if TYPE_CHECKING:
    from typing import BinaryIO

ASKED = Struct(">IB")  # bytes that follow, level
ANSWERED = Struct(">I")  # bytes that follow


rows_to_bytes = msgspec.msgpack.Encoder().encode
rows_from_bytes = msgspec.msgpack.Decoder(InsightRows).decode


def main() -> None:
    # What ends the worker's whole group ends us when it has no more pages.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()  # what is made here goes by its reference counts
    with suppress(BrokenPipeError):  # no one is waiting for the answer
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
