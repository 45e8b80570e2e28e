"""A client hears of jobs as workers do them: what they publish is all that wakes the socket here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from app.errors import RequestRefusedError
from app.http.application import create_application
from app.job_kinds import JobKind
from app.services.context import open_services
from app.services.jobs.execution import execute_job
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import serving
from tests.http.sockets.client import add_run, gid, opened, token_of

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import JobHandler
    from app.services.jobs.lease import Lease

QUERY = """subscription ($run: ID!) { syncProgress(runId: $run) {
  state percent rowsWritten jobs { queued running succeeded failed } waiting { reason jobs } } }"""


async def test_claims_steps_and_ends_are_heard_of(database: ThrowawayDatabase, settings: Settings) -> None:
    patient = settings.model_copy(update={"membership_check_seconds": 60.0})
    half_done, finish = asyncio.Event(), asyncio.Event()

    async def in_two_steps(_services: Services, _job: ClaimedJob, lease: Lease) -> int:
        await lease.note_progress(done=1, of=2, rows=30)
        half_done.set()
        await finish.wait()
        return 70

    async def refused(_services: Services, _job: ClaimedJob, _lease: Lease) -> int:
        raise RequestRefusedError("no")

    async with (
        open_services(settings, process="tests") as worker,
        serving(create_application(patient)) as address,
        opened(address) as socket,
    ):
        tenant = await SmallWorld(database, worker).add_seller("acme")
        run = await add_run(tenant)
        await socket.init(token_of(tenant))
        await socket.subscribe(QUERY, run=gid(run.run_id))

        async def heard(**expected: Any) -> Any:
            """The first value that says so."""
            while True:
                value = await socket.value()
                if all(value[key] == wanted for key, wanted in expected.items()):
                    return value

        first = await heard(state="RUNNING")
        assert first["jobs"] == {"queued": 2, "running": 0, "succeeded": 0, "failed": 0}
        assert first["waiting"] == [{"reason": "QUEUED", "jobs": 2}]

        handlers: dict[str, JobHandler] = {JobKind.REFRESH: in_two_steps}
        working = asyncio.create_task(execute_job(worker, run.jobs[0].job_id, worker="w", handlers=handlers))
        await half_done.wait()
        half = await heard(percent=25)
        assert (half["jobs"]["running"], half["rowsWritten"]) == (1, 30)
        assert half["waiting"] == [{"reason": "QUEUED", "jobs": 1}]
        finish.set()
        await working
        assert (await heard(percent=50))["rowsWritten"] == 70

        await execute_job(worker, run.jobs[1].job_id, worker="w", handlers={JobKind.REFRESH: refused})
        last = await heard(state="PARTIAL")
        assert (last["percent"], last["rowsWritten"], last["waiting"]) == (100, 70, [])
        assert last["jobs"] == {"queued": 0, "running": 0, "succeeded": 1, "failed": 1}
        assert await socket.hear() == {"id": "1", "type": "complete"}
