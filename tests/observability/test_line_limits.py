"""Lines that outsiders can cause: so many of a kind are written, the rest are counted, and the count is logged."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.observability.library_lines import LIBRARIES, limiting_libraries
from app.observability.line_limits import PERIOD_SECONDS, LineKind, LineLimits, admits, limit_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

REFUSED = LineKind("request", "HTTP 401", "ADDRESS")
MISSING = LineKind("request", "HTTP 404", "ADDRESS")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> LineLimits:
    return LineLimits(per_second=2, at_once=5, clock=clock)


async def test_so_many_are_written_at_once_and_then_so_many_a_second(limits: LineLimits, clock: Clock) -> None:
    written = [limits.admit(REFUSED) for _ in range(100)]
    clock.now += 1
    a_second_later = [limits.admit(REFUSED) for _ in range(100)]
    clock.now += 3600
    an_hour_later = [limits.admit(REFUSED) for _ in range(100)]

    assert (written, sum(a_second_later), sum(an_hour_later)) == ([True] * 5 + [False] * 95, 2, 5)


async def test_kinds_have_limits_of_their_own(limits: LineLimits) -> None:
    for _ in range(100):
        limits.admit(REFUSED)

    assert limits.admit(MISSING)
    assert len(limits) == 2


async def test_what_is_left_out_is_counted_at_the_end_of_each_period(
    limits: LineLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    due: list[float] = []
    reports: list[partial[None]] = []

    def call_later(seconds: float, report: Callable[[LineKind], None], kind: LineKind, *, context: Context) -> None:
        due.append(seconds)
        reports.append(partial(context.run, report, kind))

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later, raising=False)
    with capture_logs() as logs:
        for _ in range(100):
            limits.admit(REFUSED)
        clock.now += PERIOD_SECONDS
        reports.pop()()
        for _ in range(50):
            limits.admit(REFUSED)
        reports.pop()()

    assert due == [PERIOD_SECONDS, PERIOD_SECONDS]
    assert [(line["event"], line["outcome"], line["caller"], line["lines"]) for line in logs] == [
        ("log lines suppressed", "HTTP 401", "ADDRESS", 95),
        ("log lines suppressed", "HTTP 401", "ADDRESS", 45),
    ]


async def test_the_rest_is_reported_at_the_end(limits: LineLimits) -> None:
    with capture_logs() as logs:
        with limits.reported():
            for _ in range(7):
                limits.admit(REFUSED)
        with limits.reported():
            pass

    assert [line["lines"] for line in logs] == [2]


async def test_lines_of_requests_alone_are_limited(limits: LineLimits) -> None:
    assert all(admits("request", "HTTP 404") for _ in range(100))
    limit_lines(limits)
    assert sum(admits("request", "HTTP 404") for _ in range(100)) == 5


@pytest.mark.parametrize("name", LIBRARIES)
async def test_a_library_has_no_line_for_each_mistake_of_a_client(
    limits: LineLimits, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with limiting_libraries(limits):
        for place in range(100):
            logging.getLogger(name).warning("Invalid HTTP request received, %s", place)
        for _ in range(10):
            logging.getLogger(name).error("a fault", exc_info=RuntimeError("it is ours"))
    logging.getLogger(name).warning("outside")

    assert [record.levelname for record in caplog.records] == ["WARNING"] * 5 + ["ERROR"] * 10 + ["WARNING"]
