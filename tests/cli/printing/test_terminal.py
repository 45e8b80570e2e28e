"""What people copy from a terminal of 80 columns: ids and commands in one piece, also for a directory with a space."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from app.cli.process.identifiers import run_name
from app.services.context import open_services
from app.services.work_requests.sync_requests import enqueue_seller_sync
from graphql_schema.types.global_id import global_id
from tests.cli.running import run_at_terminal
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


async def add_trouble(settings: Settings, database: ThrowawayDatabase) -> tuple[UUID, UUID]:
    """A run of which all jobs failed, and its account, which the platform refuses by now."""
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        tenant = await world.add_seller("a-seller-with-a-long-name")
        account = await tenant.add_account(name="An account with a name of many words, as people like them")
        run = await enqueue_seller_sync(services, seller_id=tenant.seller_id, requested_by=None)
        reason = "the platform refuses it for a reason that it explains at length, and with an id: " + "1" * 40
        await world.write(
            "UPDATE jobs SET state = 'FAILED', error_class = 'REFUSED', error_reason = $1, ended_at = now()", reason
        )
        await world.write("UPDATE sync_runs SET state = 'FAILED', ended_at = now()")
        await world.write("UPDATE fb_connections SET health = 'UNHEALTHY', health_class = 'TOKEN'")
    return run.run_id, account


async def test_status(settings: Settings, database: ThrowawayDatabase, tmp_path: Path) -> None:
    run_id, account = await add_trouble(settings, database)
    data = tmp_path / "a data directory"
    lines = run_at_terminal(settings, "status", "--data-dir", str(data), columns=80).splitlines()
    assert f"    run: {run_name(run_id)}" in lines
    assert f"    id: {global_id('AdAccount', account)}" in lines
    resume = f"pixecom sync --resume {run_name(run_id)} --data-dir {shlex.quote(str(data))}"
    assert [f"`{resume}`" in line for line in lines if line.startswith("→ Jobs failed")] == [True]
    assert all(len(line.rstrip()) <= 80 for line in lines if not line.startswith(("    ", "→")))


async def test_doctor(settings: Settings, tmp_path: Path) -> None:
    data = tmp_path / "a data directory"
    lines = run_at_terminal(settings, "doctor", "--data-dir", str(data), columns=80).splitlines()
    [fleet] = [line for line in lines if "fleet" in line]
    assert fleet.rstrip().endswith(f"see `pixecom status --data-dir {shlex.quote(str(data))}`")
