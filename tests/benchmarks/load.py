"""The load: an HTTP client in a process of its own that does as little as it can, so that it isn't the bottleneck.

    python -m tests.benchmarks.load < job.json

The job comes on standard input, as its requests hold access tokens; the result goes to standard output. Each
connection sends the next request when the last answer is complete. An answer that isn't 200, or whose length without
its extensions is not what that request got first, ends the run: figures of failures are no figures.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httptools
import orjson
import uvloop

from app.embedded.ports import LOOPBACK
from tests.benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = 200
# They come last, and say among other things what is left of the caller's budget, which is different each time.
EXTENSIONS = b',"extensions":'
MOST_EXTENSIONS = 500


@dataclass(slots=True)
class Run:
    """What the connections of one run share."""

    requests: list[bytes]
    deadline: float
    turns: Iterator[int] = field(default_factory=itertools.count)
    lengths: dict[int, int] = field(default_factory=dict[int, int])
    latencies: list[float] = field(default_factory=list[float])

    def next_request(self) -> int:
        return next(self.turns) % len(self.requests)


class Connection(asyncio.Protocol):
    """One keep-alive connection; `done` holds its end, or why it failed."""

    def __init__(self, run: Run) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._place = self._length = 0
        self._end_of_body = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._length += len(body)
        self._end_of_body = (self._end_of_body + body[-MOST_EXTENSIONS:])[-MOST_EXTENSIONS:]

    def on_message_complete(self) -> None:
        now, run = time.perf_counter(), self._run
        run.latencies.append(now - self._sent_at)
        if not self._is_right():
            self._end(RuntimeError(f"an answer with status {self._parser.get_status_code()}, {self._length} bytes"))
        elif now < run.deadline:
            self._send()
        else:
            self._end(None)

    def _is_right(self) -> bool:
        status: int = self._parser.get_status_code()
        found = self._end_of_body.rfind(EXTENSIONS)
        length = self._length - (len(self._end_of_body) - found if found >= 0 else 0)
        return status == OK and self._run.lengths.setdefault(self._place, length) == length

    def _send(self) -> None:
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._place, self._length, self._end_of_body = self._run.next_request(), 0, b""
        self._sent_at = time.perf_counter()
        self._transport.write(self._run.requests[self._place])

    def _end(self, fault: Exception | None) -> None:
        if fault:
            self.done.set_exception(fault)
        else:
            self.done.set_result(None)
        assert self._transport is not None
        self._transport.close()


async def put_load(requests: list[bytes], *, port: int, connections: int, seconds: float) -> Measurement:
    """Ask for that long; what is under way at the end is waited for and counted."""
    loop, started, cpu = asyncio.get_running_loop(), time.perf_counter(), time.process_time()
    run = Run(requests, started + seconds)
    opened = [await loop.create_connection(lambda: Connection(run), LOOPBACK, port) for _ in range(connections)]
    await asyncio.gather(*(connection.done for _, connection in opened))
    return Measurement.of(run.latencies, seconds=time.perf_counter() - started, client_cpu=time.process_time() - cpu)


def main() -> None:
    job = orjson.loads(sys.stdin.buffer.read())
    requests = [request.encode() for request in job.pop("requests")]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(put_load(requests, **job))
    sys.stdout.buffer.write(orjson.dumps(result.as_json()))


if __name__ == "__main__":
    main()
