"""An absence of the database has two lines in a process, however many find it out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import REGISTRY
from pydantic import SecretStr

from app.database import outage
from app.database.outage import Outages, Wanted
from app.embedded.ports import find_free_port
from app.identifiers import new_id
from app.services.context import open_services
from app.services.jobs.execution import execute_job

if TYPE_CHECKING:
    import pytest

    from app.configuration.settings import Settings
    from tests.observability.conftest import Lines

GONE, BACK = "the database does not answer; jobs wait", "the database answers again"


def counted(wanted: str) -> float:
    return REGISTRY.get_sample_value("pixecom_database_away_total", {"wanted": wanted}) or 0.0


async def test_all_claims_of_an_outage_have_one_line(settings: Settings, written: Lines) -> None:
    nobody = SecretStr(f"postgresql+asyncpg://pixecom_app:x@127.0.0.1:{find_free_port()}/none")
    before = counted("claim")
    # Who waits for a connection of a full pool is told after 30 s: here nobody waits.
    changes = {"database_url": nobody, "database_pool_size": 20}
    async with open_services(settings.model_copy(update=changes), process="tests") as services:
        await asyncio.gather(*[execute_job(services, new_id(), worker="w", handlers={}) for _ in range(20)])
    lines = [line for line in written() if line["logger"].startswith("app.")]
    assert [(line["event"], line["wanted"], line["level"]) for line in lines] == [(GONE, "claim", "warning")]
    assert counted("claim") == before + 20


async def test_a_worker_says_when_the_database_is_back(settings: Settings, written: Lines) -> None:
    async with open_services(settings, process="tests") as services:
        for _ in range(2):
            services.database.outages.note_failure(ConnectionRefusedError(), wanted=Wanted.CLAIM)
        for _ in range(2):
            await execute_job(services, new_id(), worker="w", handlers={})
    lines = [line for line in written() if line["logger"].startswith("app.")]
    assert [line["event"] for line in lines] == [GONE, BACK]
    assert lines[1]["failures"] == 2


def test_an_answer_to_what_began_before_the_last_failure_proves_nothing(
    written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(outage, "monotonic", lambda: now)
    outages = Outages()
    outages.note_success(begun_at=now)
    assert outages.is_over_for(30)
    outages.note_failure(ConnectionRefusedError(), wanted=Wanted.CLAIM)
    outages.note_success(begun_at=99.9)
    assert not outages.is_over_for(0)
    now = 102.0
    outages.note_success(begun_at=101.0)
    assert (outages.is_over_for(0), outages.is_over_for(30)) == (True, False)
    now = 132.0
    assert outages.is_over_for(30)
    assert [(line["event"], line.get("away_seconds")) for line in written()] == [(GONE, None), (BACK, 2.0)]


def test_a_full_disk_is_called_one(written: Lines) -> None:
    Outages().note_failure(asyncpg.DiskFullError("no space left on device"), wanted=Wanted.CLAIM)
    assert [line["event"] for line in written()] == ["the database's disk is full; jobs wait"]
