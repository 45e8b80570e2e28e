"""Large pages are read in a process of their own, and all the same whatever becomes of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from app.metrics.levels import Level
from app.providers.meta.rows import insight_page_reader
from app.providers.meta.rows.insight_page_reader import LARGE_BYTES, InsightPageReader
from app.providers.meta.rows.plain_insights import PlainInsights

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_ROW: dict[str, Any] = {
    "campaign_id": "11",
    "campaign_name": "Frühling",
    "adset_id": "21",
    "ad_id": "31",
    "date_start": "2026-03-01",
    "date_stop": "2026-03-01",
    "spend": "58705.23",
    "impressions": "9007199254",
    "actions": [{"action_type": "omni_purchase", "value": "3"}],
    "cpm": "14.777595",
}
# Starts a reader, lets it read a page, and tells its process.
_OWNER = """
import asyncio, sys
from app.metrics.levels import Level
from app.providers.meta.rows.insight_page_reader import InsightPageReader

async def main():
    reader = InsightPageReader(beside=True)
    await reader.read(Level.AD, memoryview(b"[" + b" " * 200_000 + b"]"))
    print(reader.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""

# On uvloop, as a worker: pages at every instant around the death of a process, and pages for a reader meanwhile.
_HURT = """
import asyncio, os, signal
import uvloop
from app.metrics.levels import Level
from app.providers.meta.rows import insight_page_reader

insight_page_reader.PAUSE_SECONDS = 0
PAGE = memoryview(b"[" + b" " * 200_000 + b"]")

async def read(reader):
    for _ in range(100):
        assert len(await reader.read(Level.AD, PAGE)) == 0

async def burst():
    process = await insight_page_reader._ReadingProcess.start()
    async def one(place):
        await asyncio.sleep(place * 0.00005)
        try:
            assert len(await process.read(Level.AD, PAGE)) == 0
        except insight_page_reader._LostError:
            pass
    await one(0)
    reading = [asyncio.create_task(one(place)) for place in range(100)]
    await asyncio.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.gather(*reading)
    await process.end()

async def main():
    reader = insight_page_reader.InsightPageReader(beside=True)
    reading = [asyncio.create_task(read(reader)) for _ in range(3)]
    for _ in range(5):
        await burst()
        if reader.pid:
            os.kill(reader.pid, signal.SIGKILL)
    await asyncio.gather(*reading)
    await reader.close()

uvloop.run(main())
"""


def page(*, rows: int = 1000, **changes: object) -> memoryview:
    """Rows of one entity each, as JSON."""
    listed = [{**_ROW, "ad_id": str(number), **changes} for number in range(rows)]
    return memoryview(json.dumps(listed).encode())


@asynccontextmanager
async def reading() -> AsyncGenerator[InsightPageReader]:
    reader = InsightPageReader(beside=True)
    try:
        yield reader
    finally:
        await reader.close()


def state_of(pid: int) -> str | None:
    """The letter that Linux gives it; None when there is no such process (any more)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return None


def environment_of(pid: int) -> set[str]:
    """The names of its variables."""
    variables = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {each.partition("=")[0] for each in variables if each}


async def settle() -> None:
    """Let everybody get as far as they can by themselves."""
    for _ in range(50):
        await asyncio.sleep(0)


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while state_of(pid) not in {None, "Z"}:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("level", list(Level))
async def test_the_process_reads_what_we_read(level: Level) -> None:
    named = page(account_id="1", adset_name=None)
    async with reading() as reader:
        assert await reader.read(level, named) == PlainInsights(level).read(named)
        assert reader.pid is not None


async def test_pages_in_another_shape_are_left_to_others() -> None:
    async with reading() as reader:
        assert await reader.read(Level.AD, page(spend=1.5)) is None
        assert await reader.read(Level.AD, memoryview(b"[" * LARGE_BYTES)) is None
        assert await reader.read(Level.AD, page()) is not None


async def test_many_pages_at_once_each_get_their_own_rows() -> None:
    async with reading() as reader:
        found = await asyncio.gather(*[reader.read(Level.AD, page(rows=800 + place)) for place in range(8)])
        assert [len(rows or ()) for rows in found] == [800 + place for place in range(8)]


async def test_who_goes_before_the_answer_leaves_the_next_one_its_own() -> None:
    async with reading() as reader:
        await reader.read(Level.AD, page())
        process = reader.pid
        assert process is not None
        os.kill(process, signal.SIGSTOP)
        gone = asyncio.create_task(reader.read(Level.AD, page(rows=1000)))
        stays = asyncio.create_task(reader.read(Level.AD, page(rows=900)))
        await settle()
        gone.cancel()
        os.kill(process, signal.SIGCONT)
        assert len(await stays or ()) == 900
        assert reader.pid == process


@pytest.mark.parametrize("turns", [1, 2, 5])
async def test_who_goes_while_it_is_started_leaves_it_to_the_next_one(turns: int) -> None:
    async with reading() as reader:
        gone = asyncio.create_task(reader.read(Level.AD, page()))
        for _ in range(turns):
            await asyncio.sleep(0)
        gone.cancel()
        assert len(await reader.read(Level.AD, page()) or ()) == 1000


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_nothing_is_started_once_it_is_closed(turns: int) -> None:
    reader = InsightPageReader(beside=True)
    waiting = asyncio.create_task(reader.read(Level.AD, page()))
    for _ in range(turns):
        await asyncio.sleep(0)
    await reader.close()
    assert len(await waiting or ()) == 1000
    assert reader.pid is None


@pytest.mark.parametrize(("beside", "rows"), [(True, 10), (False, 1000)])
async def test_small_pages_and_readers_without_a_core_to_spare_start_none(*, beside: bool, rows: int) -> None:
    reader = InsightPageReader(beside=beside)
    assert len(await reader.read(Level.AD, page(rows=rows)) or ()) == rows
    assert reader.pid is None


async def test_a_killed_process_costs_a_warning_and_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading() as reader:
        await reader.read(Level.AD, page())
        first = reader.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)  # so that the pages wait when it is killed
        waiting = [asyncio.create_task(reader.read(Level.AD, page())) for _ in range(3)]
        await settle()
        with capture_logs() as logs:
            os.kill(first, signal.SIGKILL)
            assert [len(await each or ()) for each in waiting] == [1000] * 3
            assert len(await reader.read(Level.AD, page()) or ()) == 1000
        assert {(entry["event"], entry["log_level"]) for entry in logs} == {
            ("the reading process died; parsing pages without it", "warning")
        }
        assert len(logs) == 3
        assert reader.pid is None
        monkeypatch.setattr(insight_page_reader, "PAUSE_SECONDS", 0)
        assert len(await reader.read(Level.AD, page()) or ()) == 1000
        assert reader.pid not in {None, first}


async def test_a_process_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading() as reader:
        await reader.read(Level.AD, page())
        first = reader.pid
        assert first is not None
        monkeypatch.setattr(insight_page_reader, "PATIENCE_SECONDS", 0.05)
        os.kill(first, signal.SIGSTOP)
        assert len(await reader.read(Level.AD, page()) or ()) == 1000
        await until_gone(first)


async def test_without_a_process_to_be_had_pages_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with reading() as reader:
        assert len(await reader.read(Level.AD, page()) or ()) == 1000
        assert reader.pid is None


async def test_it_ends_when_it_is_closed() -> None:
    async with reading() as reader:
        await reader.read(Level.AD, page())
        process = reader.pid
    assert process is not None
    assert state_of(process) is None


async def test_what_a_supervisor_may_send_to_all_at_once_leaves_it_alone() -> None:
    async with reading() as reader:
        await reader.read(Level.AD, page())
        process = reader.pid
        assert process is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(process, number)
        assert len(await reader.read(Level.AD, page()) or ()) == 1000
        assert reader.pid == process


async def test_it_ends_with_whoever_started_it() -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", _OWNER, stdout=subprocess.PIPE)
    try:
        assert owner.stdout is not None
        process = int(await owner.stdout.readline())
        assert state_of(process) not in {None, "Z"}
    finally:
        owner.kill()
        await owner.wait()
    await until_gone(process)


async def test_pages_are_read_on_the_workers_event_loop_whenever_it_dies() -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", _HURT, stderr=subprocess.PIPE)
    _, told = await worker.communicate()
    assert (worker.returncode, told) == (0, b"")


async def test_it_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_SECRET", "very-secret")
    async with reading() as reader:
        await reader.read(Level.AD, page())
        assert reader.pid is not None
        names = environment_of(reader.pid)
    assert "PATH" in names
    assert names <= set(insight_page_reader.ENVIRONMENT)
