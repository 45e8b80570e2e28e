"""`status` shows what goes on, what failed, what is in trouble and what to do, of all sellers or of one."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis
from rich.console import Console

from app import clock
from app.cli.process.identifiers import run_name
from app.cli.reports.status_advice import list_advice, summarize
from app.cli.reports.status_report import print_status
from app.database.revision import known_revisions
from app.embedded.ports import find_free_port
from app.errors import NotFoundError, ProviderThrottledError
from app.metrics.levels import Level
from app.providers.contract import UsageReading
from app.queries.jobs.fleet_status import HeldBack
from app.services.context import open_services
from app.services.fleet_status import FleetStatus, HeldBackStatus, read_fleet_status
from app.services.jobs.run_control import cancel_run
from app.services.schedule.tick_taking import start_scheduled_job
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import FreshnessReason, Priority, ProviderKind, RunOrigin, UseCase
from graphql_schema.types.global_id import global_id
from tests.cli.running import run_pixecom
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.graphql_schema.warnings_at_hand import ODD, add_warning

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


@pytest.fixture
async def world(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[SmallWorld]:
    """The schedule moves, and no seller has anything."""
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        await world.write("INSERT INTO ticks (name, slot, taken_at) VALUES ('delivery', now(), now())")
        yield world


async def add_well_account(tenant: Tenant, name: str) -> UUID:
    """An account whose numbers are new."""
    account = await tenant.add_account(name=name)
    now = clock.now()
    for level in Level:
        await tenant.world.write(
            "INSERT INTO stats_fetches (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at)"
            " VALUES ($1, $2, $3, ($4::timestamptz AT TIME ZONE 'UTC')::date, $4, $4)",
            *(tenant.seller_id, account, level, now),
        )
    await tenant.world.write("UPDATE fb_connections SET stats_synced_at = $2 WHERE id = $1", account, now)
    return account


async def ask_for(tenant: Tenant) -> UUID:
    run = await enqueue_seller_sync(
        tenant.world.services,
        seller_id=tenant.seller_id,
        requested_by=None,
        from_date=date(2026, 3, 1),
        to_date=date(2026, 3, 2),
        origin=RunOrigin.BACKFILL,
        priority=Priority.BACKFILL,
    )
    return run.run_id


async def status_of(world: SmallWorld, slug: str | None = None) -> FleetStatus:
    return await read_fleet_status(world.services, seller_slug=slug)


def shown(status: FleetStatus, *, width: int = 200) -> str:
    text = io.StringIO()
    print_status(status, Console(file=text, width=width, color_system=None, highlight=False, soft_wrap=True))
    return text.getvalue()


async def test_where_all_is_well_nothing_is_to_be_done(world: SmallWorld) -> None:
    await add_well_account(await world.add_seller("acme"), "Well")
    await world.add_seller("empty")
    status = await status_of(world)
    assert status.is_well
    assert (list_advice(status), summarize(status)) == ([], "")
    assert (status.runs, status.failures, status.connections, status.held_back) == ((), (), (), ())
    first, *_, last = shown(status).splitlines()
    assert first.startswith("Due now: nothing; the schedule last moved ")
    assert last == "No action is needed."


async def test_runs_that_go_on_are_shown_with_what_they_wait_for(world: SmallWorld) -> None:
    tenant, other = await world.add_seller("acme"), await world.add_seller("other")
    for each in (tenant, other):
        await add_well_account(each, "Well")
    run_id, foreign = await ask_for(tenant), await ask_for(other)
    everything, own = await status_of(world), await status_of(world, "acme")
    assert {each.run.id for each in everything.runs} == {run_id, foreign}
    assert [(each.seller, each.run.id, each.run.origin) for each in own.runs] == [("acme", run_id, RunOrigin.BACKFILL)]
    assert own.is_well
    assert [(queue.priority, queue.jobs) for queue in everything.queues if queue.jobs] == [(Priority.BACKFILL, 8)]
    lines = shown(own).splitlines()
    assert lines[2].split()[:4] == ["acme", "asked", "for", "(backfill)"]
    assert lines[2].split()[-7:] == ["s", "ago", "0", "of", "4", "queued", run_name(run_id)]
    narrow = shown(own, width=80).splitlines()
    assert narrow[2].split() == lines[2].split()[:-1]
    assert narrow[3] == f"    run: {run_name(run_id)}"
    await world.write("UPDATE jobs SET run_at = now() - interval '2 minutes'")
    stuck = await status_of(world)
    assert stuck.is_worker_missing
    assert list_advice(stuck)[0].startswith("Jobs are due but no worker is running: start `pixecom worker`")
    await world.write(
        "UPDATE jobs SET state = 'RUNNING', lease_until = now() + interval '1 minute'"
        " WHERE id = (SELECT id FROM jobs LIMIT 1)"
    )
    assert not (await status_of(world)).is_worker_missing


async def test_a_run_of_the_schedule_is_named_and_not_said_to_be_gone_on_with(world: SmallWorld) -> None:
    run_id = await start_scheduled_job(world.services, "compaction")
    assert run_name(run_id) in shown(await status_of(world))
    await world.write(
        "UPDATE jobs SET state = 'FAILED', error_class = 'INTERNAL', error_reason = 'no', ended_at = now()"
    )
    await world.write("UPDATE sync_runs SET state = 'FAILED', ended_at = now()")
    status = await status_of(world)
    assert [(each.seller, each.failed.run_id) for each in status.open_failures] == [(None, run_id)]
    assert list_advice(status) == ["Jobs failed for good. Once the reason is gone, retry them."]


async def test_what_failed_is_told_once_for_each_reason_until_it_succeeds(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await add_well_account(tenant, "Well")
    run_id = await ask_for(tenant)
    await world.write(
        "UPDATE jobs SET state = 'FAILED', error_class = 'REFUSED', error_reason = 'no [such] thing',"
        " ended_at = now() - interval '1 hour'"
    )
    await world.write("UPDATE sync_runs SET state = 'FAILED', ended_at = now()")
    status = await status_of(world)
    [failure] = status.failures
    assert (failure.seller, failure.connection, failure.failed.kind, failure.failed.jobs) == (
        "acme",
        "Well",
        "stats",
        4,
    )
    assert (failure.failed.run_id, status.is_well, summarize(status)) == (run_id, False, "4 jobs failed")
    assert list_advice(status) == [
        f"Jobs failed for good. Once the reason is gone, retry them: `pixecom backfill --resume {run_name(run_id)}`."
    ]
    assert "no [such] thing" in shown(status)
    assert f"→ {list_advice(status)[0]}\n" in shown(status, width=80)
    await world.write("UPDATE sync_runs SET origin = 'MANUAL'")
    [advice] = list_advice(await status_of(world))
    assert f"`pixecom sync --resume {run_name(run_id)}`" in advice
    await world.write("UPDATE sync_runs SET origin = 'BACKFILL'")

    again = await ask_for(tenant)
    await world.write("UPDATE jobs SET state = 'SUCCEEDED', ended_at = now() WHERE ended_at IS NULL")
    await world.write("UPDATE sync_runs SET state = 'SUCCEEDED', ended_at = now() WHERE id = $1", again)
    healed = await status_of(world)
    assert (healed.is_well, [each.failed.recovered for each in healed.failures]) == (True, [True])
    await world.write("UPDATE jobs SET ended_at = now() - interval '2 days' WHERE state = 'FAILED'")
    assert (await status_of(world)).failures == ()


async def test_connections_in_trouble_are_named_with_the_reason(world: SmallWorld) -> None:
    tenant, well = await world.add_seller("acme"), await world.add_seller("well")
    await add_well_account(well, "Fine")
    dead, slow, stale = [await add_well_account(tenant, name) for name in ("Dead", "Throttled", "Behind")]
    await add_well_account(tenant, "Fine")
    await world.write(
        "UPDATE fb_connections SET health = 'UNHEALTHY', health_class = 'TOKEN', health_reason = 'dead', "
        "health_changed_at = now() WHERE id = $1",
        dead,
    )
    await world.write("UPDATE stats_fetches SET fetched_at = now() - interval '3 hours' WHERE account_id = $1", stale)
    await world.write("UPDATE fb_connections SET stats_synced_at = now() - interval '3 hours' WHERE id = $1", stale)
    await world.write(
        "INSERT INTO call_pauses (scope, seller_id, paused_until, reason, noted_at)"
        " VALUES ($1, $2, now() + interval '10 minutes', 'too many calls', now())",
        *(f"connection/{slow}/ADS_INSIGHTS", tenant.seller_id),
    )
    status = await status_of(world)
    found = {each.connection.name: (each.refusal, each.state, each.reason, each.detail) for each in status.connections}
    assert found == {"Dead": ("TOKEN_EXPIRED", "FRESH", None, "dead"), "Behind": (None, "STALE", "BEHIND", None)}
    [pause] = status.held_back
    assert (pause.seller, pause.connection, pause.held_back.reason) == ("acme", "Throttled", "too many calls")
    assert summarize(status) == "1 connection refused by the platform; 1 connection behind"
    advice = list_advice(status)
    assert [
        "rotateToken" in advice[0],
        advice[1].startswith("Meta wants a pause"),
        "`pixecom sync --seller acme`" in advice[2],
    ] == [True] * 3
    assert not any("META_CALLS_PER_HOUR" in each for each in advice)
    text = shown(status)
    assert global_id("AdAccount", dead) in text
    rows = [line.split() for line in text.splitlines() if line.startswith("acme")]
    assert rows[0][:4] == ["acme", "Dead", "TOKEN_EXPIRED", "FRESH"]
    assert rows[1][:4] == ["acme", "Behind", "BEHIND", "STALE"]
    assert (await status_of(world, "well")).is_well


async def test_advice_fits_what_is_wrong(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    names = ("Forbidden", "Refused", "Failing")
    forbidden, refused, failing = [await add_well_account(tenant, name) for name in names]
    await world.write(
        "UPDATE fb_connections SET health = 'UNHEALTHY', health_class = 'PERMISSION', health_reason = 'no grant' "
        "WHERE id = $1",
        forbidden,
    )
    await world.write("UPDATE stats_fetches SET fetched_at = now() - interval '3 hours'")
    await world.write("UPDATE fb_connections SET stats_synced_at = now() - interval '3 hours'")
    for account, error_class in ((refused, "REFUSED"), (failing, "INTERNAL")):
        failure = {"work": "INSIGHTS/AD", "error_class": error_class, "reason": f"because {error_class}", "rounds": 2}
        times = {"first_failed_at": clock.now(), "last_failed_at": clock.now()}
        await world.insert(
            "failing_work", {"seller_id": tenant.seller_id, "connection_id": account, **failure, **times}
        )
    status = await status_of(world)
    assert {each.connection.name: (each.trouble, each.detail) for each in status.connections} == {
        "Forbidden": ("PERMISSION", "no grant"),
        "Refused": ("REFUSED", "because REFUSED"),
        "Failing": ("FAILING", "because INTERNAL"),
    }
    assert [advice.partition(":")[0].partition(",")[0] for advice in list_advice(status)] == [
        "Connections that lack a permission get no calls",
        "What is asked of Meta for some connections is refused",
        "The last syncs of some connections failed",
    ]


async def test_calls_that_run_short_where_nothing_is_held_back_now_are_told(world: SmallWorld) -> None:
    account = await add_well_account(await world.add_seller("acme"), "Slow")
    await world.write("UPDATE stats_fetches SET fetched_at = now() - interval '3 hours'")
    await world.write(
        "UPDATE fb_connections SET stats_synced_at = now() - interval '3 hours', stats_stretch = 2 WHERE id = $1",
        account,
    )
    status = await status_of(world)
    assert [each.reason for each in status.connections] == ["THROTTLED"]
    [advice] = list_advice(status)
    assert advice.startswith("Connections that run short of calls are fetched less often")
    assert "META_CALLS_PER_HOUR may be raised to what Meta grants the app, and no further." in advice


async def refusal_of_our_own_limit(world: SmallWorld, account: str) -> str:
    budget = world.services.budgets.get_budget(ProviderKind.META, account, calls_per_hour=1)
    await budget.spend(UseCase.ADS_INSIGHTS)
    with pytest.raises(ProviderThrottledError) as raised:
        await budget.spend(UseCase.ADS_INSIGHTS)
    return str(raised.value)


async def test_what_our_own_limit_holds_back_is_told_with_the_reason_and_the_remedy(world: SmallWorld) -> None:
    tenant, other = await world.add_seller("acme"), await world.add_seller("other")
    await add_well_account(other, "Fine")
    account = await add_well_account(tenant, "Busy")
    run_id = await ask_for(tenant)
    reason = await refusal_of_our_own_limit(world, str(account))
    await world.write(
        "UPDATE jobs SET state = 'PARKED', run_at = now() + interval '9 minutes 10 seconds',"
        " error_class = 'THROTTLED', error_reason = $1",
        reason,
    )
    status = await status_of(world)
    [held_back] = status.held_back
    assert (held_back.seller, held_back.connection, held_back.held_back.by_own_limit) == ("acme", "Busy", True)
    assert held_back.held_back.reason == reason
    lines = [line.split() for line in shown(status).splitlines()]
    assert lines[2][-4:] == ["throttled,", "in", "9", "min"]
    assert lines[3:5] == [["run:", run_name(run_id)], ["parked:", *reason.split()]]
    assert ["Calls", "held", "back"] in lines
    assert ["acme", "Busy", "ADS_INSIGHTS", "in", "9", "min", *reason.split()] in lines
    [advice] = list_advice(status)
    assert advice == (
        "Work waits for calls under our own limit, and resumes by itself. If that happens regularly, raise "
        "META_CALLS_PER_HOUR to what Meta grants the app, or lengthen the intervals of the schedule."
    )
    assert status.is_well
    assert (await status_of(world, "other")).held_back == ()


async def test_what_waits_since_the_platforms_quota_is_nearly_used_up_is_told_as_the_platforms(
    world: SmallWorld,
) -> None:
    tenant = await world.add_seller("acme")
    account = await add_well_account(tenant, "Busy")
    await ask_for(tenant)
    budget = world.services.budgets.get_budget(
        ProviderKind.META, str(account), calls_per_hour=9, urgency=Priority.SCHEDULED
    )
    await budget.note_usage(UseCase.ADS_INSIGHTS, UsageReading(percent=Decimal(97), regain_wait=timedelta(0)))
    with pytest.raises(ProviderThrottledError) as raised:
        await budget.spend(UseCase.ADS_INSIGHTS)
    await world.write(
        "UPDATE jobs SET state = 'PARKED', run_at = $1, error_class = 'THROTTLED', error_reason = $2",
        *(raised.value.retry_at, str(raised.value)),
    )
    status = await status_of(world)
    [held_back] = status.held_back
    assert (held_back.connection, held_back.held_back.by_own_limit) == ("Busy", False)
    assert "its quota is nearly used up" in held_back.held_back.reason
    [advice] = list_advice(status)
    assert advice.startswith("Meta's quota is nearly used up: background work starts minutes later than it could")
    assert "`pixecom sync` is not held back" in advice


@pytest.mark.parametrize("scope", ["", "/ADS_MANAGEMENT"])
async def test_an_account_that_a_pause_keeps_from_its_first_sync_is_said_to_wait_for_it(
    world: SmallWorld, scope: str
) -> None:
    """Its structure is asked for first, and a sync now would not be made either."""
    tenant = await world.add_seller("acme")
    account = await tenant.add_account(name="New")
    await world.write("UPDATE fb_connections SET structure_synced_at = NULL WHERE id = $1", account)
    await world.write(
        "INSERT INTO call_pauses (scope, seller_id, paused_until, reason, noted_at)"
        " VALUES ($1, $2, now() + interval '59 minutes', 'the platform wants a pause', now())",
        *(f"connection/{account}{scope}", tenant.seller_id),
    )
    status = await status_of(world)
    [connection] = status.connections
    assert connection.reason is FreshnessReason.THROTTLED
    assert connection.until is not None
    assert timedelta(minutes=58) < connection.until - clock.now() <= timedelta(minutes=59)
    [advice] = list_advice(status)
    assert advice.startswith("Meta wants a pause: the work resumes by itself when it ends, and not before")


@pytest.mark.parametrize(
    ("scope", "is_advised"), [("meta", False), ("connection/{}", False), ("connection/{}/ADS_MANAGEMENT", True)]
)
async def test_a_sync_is_advised_only_where_numbers_may_be_asked_for(
    world: SmallWorld, scope: str, *, is_advised: bool
) -> None:
    tenant = await world.add_seller("acme")
    account = await add_well_account(tenant, "Behind")
    await world.write("UPDATE stats_fetches SET fetched_at = now() - interval '3 hours'")
    await world.write("UPDATE fb_connections SET stats_synced_at = now() - interval '3 hours'")
    status = await status_of(world)
    pause = HeldBack(scope.format(account), None, None, clock.now(), "the platform wants a pause", by_own_limit=False)
    advice = list_advice(replace(status, held_back=(HeldBackStatus(None, None, pause),)))
    assert any("fetches now" in each for each in advice) is is_advised


async def test_a_run_that_several_pauses_hold_goes_on_after_the_last_of_them(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await add_well_account(tenant, "Busy")
    await ask_for(tenant)
    await world.write("UPDATE jobs SET state = 'PARKED', run_at = now() + interval '4 minutes', error_reason = 'full'")
    for scope, seller, minutes in ((f"connection/{account}", tenant.seller_id, 4), ("mock", None, 9)):
        await world.write(
            "INSERT INTO call_pauses (scope, seller_id, paused_until, reason, noted_at)"
            " VALUES ($1, $2, now() + make_interval(mins => $3, secs => 10), 'full', now())",
            *(scope, seller, minutes),
        )
    lines = [line.split() for line in shown(await status_of(world)).splitlines()]
    assert lines[2][-6:-2] == ["throttled,", "in", "9", "min"]
    assert lines[2][-1] == "full"


async def test_a_schedule_that_stands_still_is_told(world: SmallWorld) -> None:
    await world.write("UPDATE ticks SET taken_at = now() - interval '1 hour'")
    status = await status_of(world)
    assert (status.is_well, summarize(status)) == (False, "the schedule does not move")
    assert list_advice(status)[0].startswith("The schedule has not moved since ")


async def test_a_schema_on_which_no_work_is_done_is_told(world: SmallWorld) -> None:
    await add_well_account(await world.add_seller("acme"), "Well")
    await world.write("UPDATE alembic_version SET version_num = '0006'")
    status = await status_of(world)
    needed = known_revisions()[-1]
    trouble = f"the schema is older than revision {needed}, which this release needs: run `pixecom migrate`"
    assert (status.is_well, summarize(status)) == (False, f"no work is done: {trouble}")
    assert list_advice(status) == [f"No worker and no scheduler of this release does any work: {trouble}."]


async def test_a_redis_and_a_clock_that_stop_the_work_are_told_as_doctor_does(world: SmallWorld) -> None:
    async with Redis(port=find_free_port()) as away:
        status = await read_fleet_status(replace(world.services, redis=away), seller_slug=None)
    assert status.obstacles == ("Redis does not answer (ConnectionError)",)
    assert (status.is_well, summarize(status)) == (False, "no work is done: Redis does not answer (ConnectionError)")

    world.services.clock.witness(clock.now() + timedelta(days=1), asked_at=clock.steady())
    status = await status_of(world)
    assert (status.is_well, len(status.obstacles)) == (False, 1)
    assert list_advice(status)[0].endswith(": the database's clock has jumped; reading it again.")


async def test_what_is_read_with_gaps_is_named_and_needs_nobody(world: SmallWorld, settings: Settings) -> None:
    tenant, other = await world.add_seller("acme"), await world.add_seller("other")
    account = await add_well_account(tenant, "Well")
    for day in (date(2026, 3, 1), date(2026, 3, 2)):
        await add_warning(tenant, account, day=day, things=2)
    await add_warning(other, await add_well_account(other, "Theirs"))
    assert [each.seller for each in (await status_of(world)).gaps] == ["acme", "other"]
    status = await status_of(world, "acme")
    assert status.is_well
    assert list_advice(status) == []
    lines = shown(status).splitlines()
    place = lines.index("Read with gaps")
    assert lines[place + 2].split()[:7] == ["acme", "Well", "ad", "4", "2026-03-01", "to", "2026-03-02"]
    assert lines[place + 2].rstrip().endswith(f"{ODD}  7")
    [gap] = json.loads(run_status(settings, "--seller", "acme", "--json").stdout)["gaps"]
    assert gap.pop("lastSeenAt")
    assert gap == {
        "seller": "acme",
        "connection": "Well",
        "subject": "AD",
        "message": ODD,
        "count": 4,
        "fromDate": "2026-03-01",
        "toDate": "2026-03-02",
        "example": "7",
    }


async def test_a_cancelled_run_is_no_trouble(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await add_well_account(tenant, "Well")
    await cancel_run(world.services, seller_id=tenant.seller_id, run_id=await ask_for(tenant))
    assert (await status_of(world)).is_well


async def test_a_seller_that_is_not_there_is_said_to_be_none(world: SmallWorld) -> None:
    with pytest.raises(NotFoundError, match=r"^There is no seller 'nobody'\. Active sellers: none\.$"):
        await status_of(world, "nobody")
    await world.add_seller("acme")
    with pytest.raises(NotFoundError, match=r"^There is no seller 'nobody'\. Active sellers: acme\.$"):
        await status_of(world, "nobody")
    for number in range(11):
        await world.add_seller(f"shop-{number}")
    with pytest.raises(NotFoundError, match=r"Active sellers: acme, shop-0, .*, shop-8 and 2 more\.$"):
        await status_of(world, "nobody")


def run_status(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_pixecom(settings, "status", *arguments)


def test_the_urls_are_enough(settings: Settings) -> None:
    whole = run_status(settings, "--json")
    ended = run_pixecom(settings, "status", "--json", AUTH_SECRET="", TOKEN_ENCRYPTION_KEYS="")
    assert (ended.returncode, ended.stderr) == (whole.returncode, "")
    assert json.loads(ended.stdout).keys() == json.loads(whole.stdout).keys()


async def test_programs_get_json_and_an_exit_code(world: SmallWorld, settings: Settings) -> None:
    tenant = await world.add_seller("acme")
    account = await add_well_account(tenant, "Well")
    run_id = await ask_for(tenant)
    ended = run_status(settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ended.stdout)
    assert (found["isWell"], found["advice"], found["connections"]) == (True, [], [])
    [run] = found["runs"]
    assert (run["seller"], run["runId"], run["jobsLive"]) == ("acme", run_name(run_id), 4)
    assert {each["priority"]: each["jobs"] for each in found["due"]}["BACKFILL"] == 4
    await world.write("UPDATE fb_connections SET health = 'UNHEALTHY' WHERE id = $1", account)
    ended = run_status(settings, "--seller", "acme", "--json")
    assert ended.returncode == 1
    [connection] = json.loads(ended.stdout)["connections"]
    assert connection["id"] == global_id("AdAccount", account)
    assert (connection["refusal"], connection["numbers"], connection["reason"]) == ("TOKEN_EXPIRED", "FRESH", None)
    people = run_status(settings, "--text")
    assert (people.returncode, "Connections in trouble" in people.stdout) == (1, True)


async def test_rows_of_a_time_that_has_not_come_are_shown_with_their_accounts_and_days(world: SmallWorld) -> None:
    tenant, other = await world.add_seller("acme"), await world.add_seller("other")
    for each in (tenant, other):
        await add_well_account(each, "Well")
    await world.write(
        "UPDATE stats_fetches SET fetched_at = now() + interval '1 day' WHERE seller_id = $1 AND level > 1",
        tenant.seller_id,
    )
    assert (await status_of(world, "other")).is_well
    status = await status_of(world, "acme")
    assert not status.is_well
    day = str(clock.today_in("UTC"))
    (row,) = [line.split() for line in shown(status).splitlines() if "stats_fetches" in line and "→" not in line]
    assert row[:5] == ["acme", "Well", "stats_fetches", "2", day]
    (advice,) = list_advice(status)
    assert advice == (
        f"A machine with a wrong clock wrote rows with a future time for acme (2 in stats_fetches, days {day} "
        f"to {day}): `pixecom check stats --repair` moves them back to now, so that new data counts."
    )
