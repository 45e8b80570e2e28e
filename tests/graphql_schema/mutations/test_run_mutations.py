"""Fetching a history, calling it off and going on with it; of a seller's own runs only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

RUN = "run { id state origin retryOf { id } progress { percent jobs { queued cancelled } } }"
ERRORS = "errors { message code path }"
BACKFILL = f"mutation ($input: BackfillInput!) {{ backfill(input: $input) {{ jobs {{ key }} {RUN} {ERRORS} }} }}"
CANCEL = f"mutation ($run: ID!) {{ cancelSync(input: {{runId: $run}}) {{ jobsCancelled {RUN} {ERRORS} }} }}"
RETRY = f"mutation ($run: ID!) {{ retrySync(input: {{runId: $run}}) {{ jobs {{ key }} {RUN} {ERRORS} }} }}"
DAYS = {"from": "2026-03-01", "to": "2026-03-10"}


async def begin(tenant: Tenant) -> Any:
    """A backfill of two pieces at four levels."""
    await tenant.add_account()
    return (await tenant.ask(BACKFILL, input=DAYS))["backfill"]


async def test_a_history_is_fetched_in_pieces_behind_everything_else(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    found = await begin(tenant)
    assert found["errors"] == []
    assert (len(found["jobs"]), found["run"]["state"], found["run"]["origin"]) == (8, "RUNNING", "BACKFILL")
    assert [job["key"].split("__")[3:5] for job in found["jobs"]] == [["2026-03-04", "2026-03-10"]] * 4 + [
        ["2026-03-01", "2026-03-03"]
    ] * 4
    assert await world.read("SELECT array_agg(DISTINCT priority) FROM jobs") == [3]
    asked_by = await world.read("SELECT requested_by FROM sync_runs")
    assert asked_by == tenant.user_id


async def test_what_was_called_off_is_gone_on_with(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = (await begin(tenant))["run"]["id"]
    cancelled = (await tenant.ask(CANCEL, run=run))["cancelSync"]
    jobs = {"queued": 0, "cancelled": 8}
    ended = {"id": run, "state": "CANCELLED", "origin": "BACKFILL", "retryOf": None}
    assert cancelled == {
        "jobsCancelled": 8,
        "run": {**ended, "progress": {"percent": 100, "jobs": jobs}},
        "errors": [],
    }
    again = (await tenant.ask(RETRY, run=run))["retrySync"]
    assert (len(again["jobs"]), again["errors"]) == (8, [])
    assert (again["run"]["state"], again["run"]["origin"], again["run"]["retryOf"]) == (
        "RUNNING",
        "BACKFILL",
        {"id": run},
    )
    assert again["run"]["progress"] == {"percent": 0, "jobs": {"queued": 8, "cancelled": 0}}


async def test_what_another_run_goes_on_with_is_told_apart_and_asked_for_again(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    first = await begin(tenant)
    second = (await tenant.ask(BACKFILL, input={**DAYS, "from": "2026-02-25"}))["backfill"]
    shared = {job["key"] for job in first["jobs"]} & {job["key"] for job in second["jobs"]}
    own = len(second["jobs"]) - len(shared)
    assert (len(shared), own) == (4, 4)
    counts = "jobsTotal jobsCancelled jobsLeftToOthers progress { jobsTotal } jobs { totalCount }"
    cancel = CANCEL.replace("jobsCancelled", f"jobsCancelled jobsLeftToOthers run {{ {counts} }}", 1)
    run = second["run"]["id"]
    cancelled = (await tenant.ask(cancel, run=run))["cancelSync"]
    assert (cancelled["jobsCancelled"], cancelled["jobsLeftToOthers"]) == (4, 4)
    told = {"jobsTotal": 4, "jobsCancelled": 4, "jobsLeftToOthers": 4, "jobs": {"totalCount": 4}}
    assert {key: cancelled["run"][key] for key in told} == told
    assert cancelled["run"]["progress"]["jobsTotal"] == 4
    again = (await tenant.ask(RETRY, run=run))["retrySync"]
    assert (again["errors"], {job["key"] for job in again["jobs"]}) == ([], {job["key"] for job in second["jobs"]})
    assert await world.read("SELECT count(*) FROM jobs WHERE state = 'QUEUED'") == 12


async def test_what_the_state_of_a_run_does_not_allow(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = (await begin(tenant))["run"]["id"]
    early = {"code": "CONFLICT", "message": "The run has not ended yet. Cancel it first.", "path": ["input", "runId"]}
    assert (await tenant.ask(RETRY, run=run))["retrySync"] == {"jobs": [], "run": None, "errors": [early]}
    await tenant.ask(CANCEL, run=run)
    late = {"code": "CONFLICT", "message": "The run has ended already.", "path": ["input", "runId"]}
    refused = {"jobsCancelled": 0, "run": None, "errors": [late]}
    assert (await tenant.ask(CANCEL, run=run))["cancelSync"] == refused


@pytest.mark.parametrize(("document", "field"), [(CANCEL, "cancelSync"), (RETRY, "retrySync")])
async def test_another_sellers_run_is_not_there_and_stays_as_it_is(
    world: SmallWorld, document: str, field: str
) -> None:
    attacker, victim = await world.add_seller("attacker"), await world.add_seller("victim")
    run = (await begin(victim))["run"]["id"]
    for wanted in (run, global_id("SyncRun", victim.user_id)):
        answer = (await attacker.ask(document, run=wanted))[field]
        missing = {"code": "NOT_FOUND", "message": "There is no such run.", "path": ["input", "runId"]}
        assert (answer["run"], answer["errors"]) == (None, [missing])
    assert await world.read("SELECT array_agg(DISTINCT state) FROM jobs") == ["QUEUED"]
    assert await world.read("SELECT count(*) FROM sync_runs") == 1


@pytest.mark.parametrize("document", [CANCEL, RETRY])
async def test_an_id_of_something_else_is_refused(world: SmallWorld, document: str) -> None:
    tenant = await world.add_seller("acme")
    assert await tenant.refusal(document, run=global_id("Job", tenant.user_id)) == ("BAD_USER_INPUT", "input.runId")


async def test_an_analyst_starts_and_stops_nothing(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    run = (await begin(tenant))["run"]["id"]
    await world.write("UPDATE memberships SET role = 'ANALYST'")
    refused = [await tenant.refusal(BACKFILL, input=DAYS)]
    refused += [await tenant.refusal(document, run=run) for document in (CANCEL, RETRY)]
    assert refused == [("FORBIDDEN", None)] * 3
    assert await world.read("SELECT array_agg(DISTINCT state) FROM jobs") == ["QUEUED"]
    assert await world.read("SELECT count(*) FROM sync_runs") == 1


async def test_a_history_that_is_wrong_is_refused(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    nobody = {"code": "CONFLICT", "path": None}
    [error] = (await tenant.ask(BACKFILL, input=DAYS))["backfill"]["errors"]
    assert {key: error[key] for key in nobody} == nobody
    refused = await tenant.refusal(BACKFILL, input={"from": "2026-03-10", "to": "2026-03-01"})
    assert refused == ("BAD_USER_INPUT", "input.from")
    unknown = {**DAYS, "adAccountIds": [global_id("AdAccount", tenant.user_id)]}
    [error] = (await tenant.ask(BACKFILL, input=unknown))["backfill"]["errors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "adAccountIds"])
