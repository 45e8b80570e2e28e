"""A throttle that parks an account's jobs has one line: which scope, how many, until when and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app import clock
from app.errors import ProviderThrottledError
from app.identifiers import new_id
from app.services.context import open_services
from tests.services.jobs_at_hand import chore, enqueue, execute, failing

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from tests.observability.conftest import Lines


async def test_what_a_throttle_parks_is_told_in_one_line(settings: Settings, written: Lines) -> None:
    account = new_id()
    until = clock.now() + timedelta(minutes=17)
    async with open_services(settings, process="tests") as services:
        run = await enqueue(services, *[chore(f"job {place}", connection_id=account) for place in range(4)])
        await execute(services, run.jobs[0].job_id, failing(ProviderThrottledError("too many calls", retry_at=until)))
    lines = [line for line in written() if line["event"] == "the platform throttles work"]
    assert [
        (line["scope"], line["parked"], line["reason"], line["connection_id"], line["level"]) for line in lines
    ] == [(f"connection/{account}", 3, "too many calls", str(account), "warning")]
    assert abs(datetime.fromisoformat(lines[0]["until"]) - until) < timedelta(seconds=5)
