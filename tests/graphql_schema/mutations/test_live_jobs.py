"""How many live jobs of a seller there may be: mutations ask for no more, and what is refused leaves nothing behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.database.transactions import tenant_transaction
from app.services.jobs.new_jobs import AccountKey, delivery_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

ANSWER = "{ jobs { jobId } run { id } errors { code message path } }"
SYNC = f"mutation ($input: EnqueueSyncInput) {{ answer: enqueueSync(input: $input) {ANSWER} }}"
BACKFILL = f"mutation ($input: BackfillInput!) {{ answer: backfill(input: $input) {ANSWER} }}"
RETRY = f"mutation ($run: ID!) {{ answer: retrySync(input: {{runId: $run}}) {ANSWER} }}"
CANCEL = "mutation ($run: ID!) { cancelSync(input: {runId: $run}) { jobsCancelled } }"
ROTATE = "mutation ($input: RotateTokenInput!) { rotateToken(input: $input) { run { id } errors { code } } }"
MARCH, APRIL = ({"from": f"2026-{month}-01", "to": f"2026-{month}-07"} for month in ("03", "04"))
# Of an account's week: one at each level.
JOBS = 4


def let_live(world: SmallWorld, jobs: int) -> None:
    settings = world.services.settings.model_copy(update={"seller_live_jobs": jobs})
    world.services = replace(world.services, settings=settings)


def refusal(*, live: int, new: int, limit: int, path: list[str] | None = None) -> dict[str, Any]:
    message = (
        f"{live} jobs of the seller have not ended, and this would make {new} more; at most {limit} may be live "
        "(SELLER_LIVE_JOBS). Ask again when some have ended, ask for less, or cancel a run with cancelSync."
    )
    return {"jobs": [], "run": None, "errors": [{"code": "CONFLICT", "message": message, "path": path}]}


async def ask(tenant: Tenant, document: str, **variables: Any) -> dict[str, Any]:
    return (await tenant.ask(document, **variables))["answer"]


async def begin(tenant: Tenant) -> dict[str, Any]:
    """A history of one week of the tenant's new account."""
    await tenant.add_account()
    return await ask(tenant, BACKFILL, input=MARCH)


async def count_rows(world: SmallWorld) -> list[int]:
    tables = ("jobs", "sync_runs", "sync_run_jobs", "audit_events")
    return [await world.read(f"SELECT count(*) FROM {table}") for table in tables]


@pytest.mark.parametrize("document", [SYNC, BACKFILL])
async def test_no_more_is_asked_for_than_may_be_live(world: SmallWorld, document: str) -> None:
    acme, other = await world.add_seller("acme"), await world.add_seller("other")
    await begin(acme)
    await other.add_account()
    let_live(world, 2 * JOBS - 1)
    before = await count_rows(world)

    assert await ask(acme, document, input=APRIL) == refusal(live=JOBS, new=JOBS, limit=2 * JOBS - 1)

    assert await count_rows(world) == before
    assert (await ask(other, document, input=APRIL))["errors"] == []


async def test_as_many_as_may_be_live_are_made(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await begin(tenant)
    let_live(world, 2 * JOBS)

    assert len((await ask(tenant, BACKFILL, input=APRIL))["jobs"]) == JOBS
    assert (await ask(tenant, SYNC))["errors"] != []


async def test_what_is_live_already_may_be_asked_for_at_the_limit(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    first = await begin(tenant)
    let_live(world, JOBS)

    assert (await ask(tenant, BACKFILL, input=MARCH))["jobs"] == first["jobs"]


async def test_ended_jobs_count_no_more(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await begin(tenant)
    let_live(world, JOBS)
    assert (await ask(tenant, BACKFILL, input=APRIL))["errors"] != []

    await world.write("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now()")

    assert (await ask(tenant, BACKFILL, input=APRIL))["errors"] == []


async def test_no_run_is_gone_on_with_beyond_the_limit(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = (await begin(tenant))["run"]["id"]
    await tenant.ask(CANCEL, run=run)
    await ask(tenant, BACKFILL, input=APRIL)
    let_live(world, 2 * JOBS - 1)
    before = await count_rows(world)

    path = ["input", "runId"]
    assert await ask(tenant, RETRY, run=run) == refusal(live=JOBS, new=JOBS, limit=2 * JOBS - 1, path=path)

    assert await count_rows(world) == before


async def test_requests_at_the_same_time_do_not_exceed_it_together(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    let_live(world, 2 * JOBS)
    weeks = [{"from": f"2026-03-{day:02}", "to": f"2026-03-{day:02}"} for day in range(1, 7)]

    answers = await asyncio.gather(*[ask(tenant, BACKFILL, input=week) for week in weeks])

    assert sorted(len(answer["jobs"]) for answer in answers) == [0, 0, 0, 0, JOBS, JOBS]
    assert await world.read("SELECT count(*) FROM jobs") == 2 * JOBS


async def test_a_refusal_costs_one_job(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await begin(tenant)
    update = {"user_job_capacity": JOBS + 1, "user_jobs_per_minute": 1}
    world.services = replace(world.services, settings=world.services.settings.model_copy(update=update))
    let_live(world, JOBS)

    for _ in range(2):
        assert (await ask(tenant, BACKFILL, input=APRIL))["errors"] != []

    assert await tenant.refusal(BACKFILL, input=APRIL) == ("RATE_LIMITED", None)


async def test_the_schedule_and_new_tokens_are_not_refused(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await begin(tenant)
    account = await world.read("SELECT id FROM fb_connections")
    let_live(world, 1)
    request = RunRequest(seller_id=tenant.seller_id, origin=RunOrigin.SCHEDULE, reason="a test")
    job = delivery_job(AccountKey(tenant.seller_id, account), priority=Priority.SCHEDULED)

    async with tenant_transaction(world.services.database.app, tenant.seller_id) as driver:
        await record_run(driver, request, [job])
    token = {"connectionId": global_id("AdAccount", account), "accessToken": "hush-hush"}
    renewed = (await tenant.ask(ROTATE, input=token))["rotateToken"]

    assert renewed["errors"] == []
    assert renewed["run"] is not None
    assert await world.read("SELECT count(*) FROM jobs WHERE ended_at IS NULL") > JOBS + 1
