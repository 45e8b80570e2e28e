"""Reads the rows of pages: small ones at once, large ones in a process of its own (see `reading_process`).

That process is started with the first large page, and again some seconds after it was lost; without it, and what it was
to read when it was lost, pages are read here.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from app.observability.logging import get_logger
from app.providers.meta.rows.collector_pause import collector_paused
from app.providers.meta.rows.plain_insights import PlainInsights
from app.providers.meta.rows.reading_process import ANSWERED, ASKED, rows_from_bytes

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from app.metrics.levels import Level
    from app.providers.insight_rows import InsightRows

log = get_logger(__name__)

# Bytes. A page of this size takes about a millisecond to read, and a tenth of that to send.
LARGE_BYTES = 100_000
# A page takes milliseconds; who takes so long does nothing any more.
PATIENCE_SECONDS = 30.0
# Between the loss of a process and the next one.
PAUSE_SECONDS = 5.0
# All that it is told of our environment: what its Python needs, and no secret.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG")
_AT_ONCE_BYTES = 1 << 20
_MODULE = "app.providers.meta.rows.reading_process"


class _LostError(Exception):
    """The process has ended, or does not answer."""


class InsightPageReader:
    """Reads pages of any account; to be closed. `beside` allows the process, which needs a core to be of use."""

    def __init__(self, *, beside: bool = False) -> None:
        self._beside = beside
        self._changing = asyncio.Lock()
        self._process: _ReadingProcess | None = None
        self._lost_at = -PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """The reading process; None while there is none."""
        return None if self._process is None or self._process.is_lost else self._process.pid

    async def read(self, level: Level, content: memoryview) -> InsightRows | None:
        """The rows in the JSON of a page's `data`; None of a page with anything in another than the usual shape."""
        if self._beside and len(content) >= LARGE_BYTES:
            try:
                if process := await self._running():
                    return await process.read(level, content)
            except _LostError as error:
                self._lost_at = time.monotonic()
                log.warning("the reading process died; parsing pages without it", reason=str(error))
        with collector_paused():
            return PlainInsights(level).read(content)

    async def close(self) -> None:
        """What is read afterwards is read here."""
        self._beside = False
        async with self._changing:
            await self._end()

    async def _running(self) -> _ReadingProcess | None:
        """None for a while after a loss, and when we are closed."""
        async with self._changing:
            if self._process is None or self._process.is_lost:
                await self._end()
                if self._beside and time.monotonic() >= self._lost_at + PAUSE_SECONDS:
                    self._process = await _ReadingProcess.start()
            return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.end()


class _ReadingProcess:
    """Answers in the order of the pages."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self._process = process
        self._pages = cast("asyncio.StreamWriter", process.stdin)
        self._answers = cast("asyncio.StreamReader", process.stdout)
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> _ReadingProcess:
        """Raises _LostError where there can be none."""
        environment = {name: value for name in ENVIRONMENT if (value := os.environ.get(name))}
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", _MODULE),
                stdin=pipe,
                stdout=pipe,
                env=environment,
                limit=_AT_ONCE_BYTES,
                start_new_session=True,  # a terminal's signals are not for it
            )
        except OSError as error:
            raise _LostError(str(error)) from error
        return cls(process)

    @property
    def is_lost(self) -> bool:
        return self._listening.done()

    async def read(self, level: Level, content: memoryview) -> InsightRows | None:
        """Raises _LostError."""
        if self.is_lost:
            raise _LostError("it has ended")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        try:
            self._pages.writelines([ASKED.pack(len(content), level), content])
        except (OSError, RuntimeError) as error:  # uvloop's for a pipe that is closed
            raise _LostError(str(error)) from error
        self._waiting.append(answer)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                columns = await answer
        except TimeoutError:
            self._kill()
            raise _LostError(f"no answer within {PATIENCE_SECONDS:.0f} s") from None
        return rows_from_bytes(columns) if columns else None

    async def end(self) -> None:
        """Stop without waiting for what is still being read."""
        self._pages.close()
        self._kill()
        await self._process.wait()
        await asyncio.wait([self._listening])

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def _listen(self) -> None:
        """Hands on the answers until there are no more."""
        with suppress(asyncio.IncompleteReadError, OSError):
            try:
                while True:
                    (size,) = ANSWERED.unpack(await self._answers.readexactly(ANSWERED.size))
                    content = await self._answers.readexactly(size)
                    answer = self._waiting.popleft()
                    if not answer.done():  # who asked may have gone
                        answer.set_result(content)
            finally:
                for answer in self._waiting:
                    if not answer.done():
                        answer.set_exception(_LostError("it has ended"))
