"""How much work a user and a seller may start: a few dozen syncs at once, then a few a minute."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.errors import RateLimitedError
from app.services.limits.work_allowance import CHANGES_PER_JOB, WorkAllowance
from app.services.work_requests import sync_requests as sync
from graphql_schema.mutations.rotate_token import JOBS
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from app.queries.jobs.requests import NewJob
    from tests.graphql_schema.small_world import SmallWorld, Tenant

SYNC = "mutation ($input: EnqueueSyncInput) { enqueueSync(input: $input) { jobs { deduplicated } errors { code } } }"
BACKFILL = "mutation ($input: BackfillInput!) { backfill(input: $input) { jobs { jobId } run { id } errors { code } } }"
CANCEL = "mutation ($run: ID!) { cancelSync(input: {runId: $run}) { jobsCancelled errors { code } } }"
RETRY = "mutation ($run: ID!) { retrySync(input: {runId: $run}) { jobs { jobId } errors { code } } }"
STATUS = "mutation ($input: SetStatusInput!) { setStatus(input: $input) { succeeded } }"
ROTATE = "mutation ($input: RotateTokenInput!) { rotateToken(input: $input) { errors { code } } }"
LIMITED = ("RATE_LIMITED", None)
# A sync of an account is a job at each of four levels.
JOBS_A_SYNC = 4


def allow(world: SmallWorld, *, user: int = 1_000, seller: int = 1_000) -> None:
    """From now on, so many jobs; what is refilled while a test runs is none."""
    limits = {"user_job_capacity": user, "seller_job_capacity": seller}
    rates = {"user_jobs_per_minute": 1, "seller_jobs_per_minute": 1}
    world.services = replace(world.services, settings=world.services.settings.model_copy(update={**limits, **rates}))


async def jobs_left(tenant: Tenant) -> int:
    """What is left of a user's allowance; it is used up by that."""
    services = tenant.world.services
    allowance = WorkAllowance(
        services.work_buckets, services.settings, seller_id=tenant.seller_id, user_id=tenant.user_id
    )
    left = 0
    with suppress(RateLimitedError):
        while True:
            await allowance.take(1)
            left += 1
    return left


async def end_all_jobs(world: SmallWorld) -> None:
    await world.write("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now()")


async def sync_until_refused(world: SmallWorld, tenant: Tenant) -> int:
    """How many syncs one after the other are answered, each asked for when the last has ended."""
    for count in range(100):
        result = await world.execute(SYNC, tenant.claims())
        if result.errors:
            assert (result.errors[0].extensions or {})["code"] == "RATE_LIMITED"
            return count
        await end_all_jobs(world)
    raise AssertionError("none of a hundred was refused")


async def test_a_loop_of_syncs_ends_with_the_users_allowance(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=10 * JOBS_A_SYNC)

    assert await sync_until_refused(world, tenant) == 10
    assert await world.read("SELECT count(*) FROM jobs") == 10 * JOBS_A_SYNC
    assert await world.read("SELECT count(*) FROM sync_runs") == 10


async def test_whoever_is_refused_hears_when_there_is_enough(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=JOBS_A_SYNC)
    await sync_until_refused(world, tenant)

    result = await world.execute(SYNC, tenant.claims())

    assert result.errors is not None
    extensions = result.errors[0].extensions or {}
    assert extensions["code"] == "RATE_LIMITED"
    assert JOBS_A_SYNC * 60 - 5 <= extensions["retryAfter"] <= JOBS_A_SYNC * 60


async def test_users_of_a_seller_share_its_allowance_and_no_other_seller_does(world: SmallWorld) -> None:
    acme, other = await world.add_seller("acme"), await world.add_seller("other")
    for tenant in (acme, other):
        await tenant.add_account()
    allow(world, user=3 * JOBS_A_SYNC, seller=4 * JOBS_A_SYNC)
    assert await sync_until_refused(world, acme) == 3
    first, acme.user_id = acme.user_id, other.user_id
    await world.write(
        "INSERT INTO memberships (seller_id, user_id, role, created_at) VALUES ($1, $2, 'OWNER', now())",
        acme.seller_id,
        acme.user_id,
    )

    assert first != acme.user_id
    assert await sync_until_refused(world, acme) == 1
    assert await sync_until_refused(world, other) == 3


async def test_joining_live_work_costs_a_run_and_no_jobs(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=JOBS_A_SYNC + 5 + JOBS_A_SYNC - 1)
    await tenant.ask(SYNC)
    joined = [(await tenant.ask(SYNC))["enqueueSync"] for _ in range(5)]

    assert all(job["deduplicated"] for found in joined for job in found["jobs"])
    assert await tenant.refusal(SYNC) == LIMITED


async def test_a_history_may_be_longer_than_the_allowance_once(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=10)
    history = {"from": "2026-01-01", "to": "2026-03-31"}
    found = (await tenant.ask(BACKFILL, input=history))["backfill"]

    assert len(found["jobs"]) == 13 * 4
    assert await tenant.refusal(BACKFILL, input={"from": "2025-12-01", "to": "2025-12-02"}) == LIMITED


async def test_jobs_that_cannot_be_paid_for_are_not_made(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history of years is thousands of them, which holds up others."""
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=10)
    made: list[object] = []
    make = sync.stats_job

    def count(*args: Any, **options: Any) -> NewJob:
        made.append(args)
        return make(*args, **options)

    monkeypatch.setattr(sync, "stats_job", count)
    history = {"input": {"from": "2026-01-01", "to": "2026-02-01"}}
    assert (await world.execute(BACKFILL, tenant.claims(), history)).errors is None
    assert len(made) == JOBS_A_SYNC * 5
    await end_all_jobs(world)
    refused = await world.execute(BACKFILL, tenant.claims(), history)
    assert [(error.extensions or {})["code"] for error in refused.errors or ()] == ["RATE_LIMITED"]
    assert len(made) == JOBS_A_SYNC * 5


async def test_resuming_costs_what_is_left_and_cancelling_nothing(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=8)
    days = {"from": "2026-03-01", "to": "2026-03-02"}
    run = (await tenant.ask(BACKFILL, input=days))["backfill"]["run"]["id"]
    assert (await tenant.ask(CANCEL, run=run))["cancelSync"] == {"jobsCancelled": 4, "errors": []}
    assert len((await tenant.ask(RETRY, run=run))["retrySync"]["jobs"]) == 4

    run = global_id("SyncRun", await world.read("SELECT id FROM sync_runs WHERE retry_of IS NOT NULL"))
    assert (await tenant.ask(CANCEL, run=run))["cancelSync"]["jobsCancelled"] == 4
    assert await tenant.refusal(RETRY, run=run) == LIMITED
    assert await world.read("SELECT count(*) FROM sync_runs") == 2


@pytest.mark.parametrize("levels", [["AD"], ["AD", "CAMPAIGN", "ADSET"]])
async def test_resuming_costs_as_many_jobs_as_it_makes(world: SmallWorld, levels: list[str]) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_account()
    allow(world, user=5 + len(levels))
    days = {"from": "2026-03-01", "to": "2026-03-02", "levels": levels}
    await tenant.ask(SYNC, input=days)
    run = global_id("SyncRun", await world.read("SELECT id FROM sync_runs"))
    await tenant.ask(CANCEL, run=run)

    assert len((await tenant.ask(RETRY, run=run))["retrySync"]["jobs"]) == len(levels)

    assert await jobs_left(tenant) == 5 - len(levels)


@pytest.mark.parametrize("token", ["hush-hush", "refused"])
async def test_a_new_token_costs_what_it_starts_whatever_becomes_of_it(world: SmallWorld, token: str) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    named = {"hush-hush": account, "refused": tenant.seller_id}[token]
    allow(world, user=2 * JOBS + 3)
    given = {"connectionId": global_id("AdAccount", named), "accessToken": token}

    for _ in range(2):
        await tenant.ask(ROTATE, input=given)

    assert await tenant.refusal(ROTATE, input=given) == LIMITED
    assert await jobs_left(tenant) == 3


async def test_what_is_refused_changes_nothing(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    [campaign] = await tenant.add_mock_campaigns(1)
    allow(world, user=1)
    await tenant.ask(STATUS, input={"level": "CAMPAIGN", "ids": [campaign.gid], "action": "PAUSE"})
    audited = await world.read("SELECT count(*) FROM audit_events")
    assert await world.read("SELECT reason FROM sync_runs") == "statuses were changed"
    token = {"connectionId": global_id("AdAccount", campaign.account), "accessToken": "hush-hush"}

    activate = {"level": "CAMPAIGN", "ids": [campaign.gid], "action": "ACTIVATE"}
    assert await tenant.refusal(STATUS, input=activate) == LIMITED
    assert await tenant.refusal(SYNC) == LIMITED
    assert await tenant.refusal(ROTATE, input=token) == LIMITED
    assert await world.read("SELECT status FROM campaigns WHERE id = $1", campaign.id) == "PAUSED"
    assert await world.read("SELECT count(*) FROM audit_events") == audited
    assert await world.read("SELECT count(*) FROM sync_runs") == 1


@pytest.mark.parametrize(("ids", "changes"), [(1, 3), (CHANGES_PER_JOB, 3), (CHANGES_PER_JOB + 1, 1)])
async def test_changes_of_status_cost_by_their_number(world: SmallWorld, ids: int, changes: int) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    named = [(await tenant.add_campaign(account)).gid for _ in range(ids)]
    allow(world, user=3)
    given = {"level": "CAMPAIGN", "ids": named, "action": "PAUSE"}

    for _ in range(changes):
        await tenant.ask(STATUS, input=given)
    assert await tenant.refusal(STATUS, input=given) == LIMITED


async def test_an_allowance_never_grows_by_what_is_given_back(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    allow(world, user=10)
    services = world.services
    allowance = WorkAllowance(
        services.work_buckets, services.settings, seller_id=tenant.seller_id, user_id=tenant.user_id
    )
    await allowance.take(10_000)
    allowance.give_back(10_000, made=0)
    await allowance.take(9)

    with pytest.raises(Exception, match="Too much work"):
        await allowance.take(1)
