from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY
from pydantic import SecretStr

from app.embedded.ports import find_free_port
from app.services.context import open_services
from tests.workers.asking import health_of
from workers import health, scheduler
from workers import passes as passes_module
from workers.passes import Passes

if TYPE_CHECKING:
    import pytest

    from app.configuration.settings import Settings
    from app.services.context import Services


async def do_pass(services: Services, passes: Passes) -> None:
    """As the scheduler's loop does it."""
    await scheduler._pass(services, passes, sweep=True)


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("pixecom_scheduler_passes_total", {"outcome": outcome}) or 0.0


async def test_a_scheduler_is_ready_after_its_first_pass(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READY_SECONDS", 0.0)
    passes = Passes(interval_seconds=1)
    async with health_of(settings, checks={"schedule": passes.check}) as (services, client):
        before = await client.get("/readyz")
        assert (before.status_code, before.json()["checks"]["schedule"]) == (503, "no pass was done yet")
        assert passes.facts() == {"lastPass": None}
        done = counted("DONE")
        await do_pass(services, passes)
        after = await client.get("/readyz")
        assert (after.status_code, after.json()["checks"]["schedule"]) == (200, "ok")
        assert isinstance(passes.facts()["lastPass"], str)
        assert counted("DONE") == done + 1


async def test_passes_that_fail_are_counted_by_whose_fault_they_are(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = Passes(interval_seconds=1)
    away, failed = counted("DATABASE_AWAY"), counted("FAILED")
    nobody = SecretStr(f"postgresql+asyncpg://pixecom_app:x@127.0.0.1:{find_free_port()}/none")
    async with open_services(settings.model_copy(update={"database_url": nobody}), process="tests") as without:
        await do_pass(without, passes)
    assert (counted("DATABASE_AWAY"), counted("FAILED")) == (away + 1, failed)

    async def break_down(_services: Services) -> None:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(scheduler, "dispatch_once", break_down)
    await do_pass(services, passes)
    assert (counted("DATABASE_AWAY"), counted("FAILED")) == (away + 1, failed + 1)
    assert await passes.check() == "no pass was done yet"


async def test_a_scheduler_that_hangs_is_not_ready(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    passes, slow = Passes(interval_seconds=1), Passes(interval_seconds=30)
    for each in (passes, slow):
        await do_pass(services, each)
    later = passes_module.monotonic() + 61
    monkeypatch.setattr(passes_module, "monotonic", lambda: later)
    assert (await passes.check()).startswith("no pass was done for 6")
    assert await slow.check() == "ok"
