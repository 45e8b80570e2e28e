"""Asking for runs from the command line and watching them, on a real database."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import asyncpg
import pytest
import typer
from rich.console import Console
from sqlalchemy.engine import make_url

from app.cli.printing.progress_bar import ProgressBar, Together
from app.cli.process.identifiers import read_run_id, run_name
from app.cli.runs import sync_run
from app.cli.runs import watching as run_watching
from app.cli.runs.sync_run import SyncRequest, cancel_now, follow_now, resume_now, sync_now
from app.cli.runs.watching import Watch
from app.database.outage import is_outage
from app.errors import ConflictError, NotFoundError, NothingToSyncError
from app.identifiers import new_id
from app.services.context import open_services
from app.services.jobs.run_progress import JobsByState, RunProgress, WaitingReason, WaitReason
from app.services.schedule.tick_taking import start_scheduled_job
from app.vocabulary import ConnectionKind, RunState
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

HISTORY = SyncRequest(
    seller_slug="acme",
    from_date=date(2026, 3, 1),
    to_date=date(2026, 3, 10),
    account_names=["act_1"],
    is_backfill=True,
)
ACCEPT = Watch(title="Backfill", wait=False, as_json=True)
WAIT = Watch(title="Backfill", wait=True, as_json=True)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def world(
    database: ThrowawayDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SmallWorld]:
    """A seller `acme` with two accounts of the platform, act_1 and act_2."""
    monkeypatch.setattr(sync_run, "load_settings", lambda: settings)
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        tenant = await world.add_seller("acme")
        for name in ("act_1", "act_2"):
            await tenant.add_account(external_id=name)
        yield world


async def end_jobs(world: SmallWorld, state: str = "SUCCEEDED") -> None:
    """Let all jobs that are live have ended so, and their runs with them."""
    await world.write(
        f"UPDATE jobs SET state = '{state}', rows_written = 5, started_at = now(), ended_at = now()"
        " WHERE ended_at IS NULL"
    )
    await world.write(f"UPDATE sync_runs SET state = '{state}', ended_at = now() WHERE ended_at IS NULL")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    [outcome] = json.loads(capsys.readouterr().out)
    return outcome


async def test_a_backfill_is_asked_for_called_off_and_gone_on_with(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await sync_now(HISTORY, ACCEPT)
    first = printed(capsys)
    assert (first["seller"], first["state"], first["jobs"]) == ("acme", "RUNNING", 8)
    assert await world.read("SELECT array_agg(DISTINCT origin) FROM sync_runs") == ["BACKFILL"]
    assert await world.read("SELECT array_agg(DISTINCT priority) FROM jobs") == [3]
    run_id = await world.read("SELECT id FROM sync_runs")

    said = await cancel_now(run_id)
    name = run_name(run_id)
    assert (first["run"], first["runId"]) == (str(run_id), name)
    assert said == f"acme: 8 jobs cancelled (run {name}); resume it with: pixecom backfill --resume {name}"
    with pytest.raises(ConflictError):
        await cancel_now(run_id)

    assert await resume_now(run_id, ACCEPT)
    again = printed(capsys)
    assert (again["jobs"], again["state"]) == (8, "RUNNING")
    assert await world.read("SELECT retry_of FROM sync_runs WHERE id::text = $1", again["run"]) == run_id


async def test_the_advice_for_a_sync_is_about_a_sync(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert await sync_now(SyncRequest(seller_slug="acme", from_date=None, to_date=None), ACCEPT)
    run_id = await world.read("SELECT id FROM sync_runs")
    waiting = asyncio.create_task(follow_now(run_id, WAIT))
    await until_told(waiting, capsys, "runId")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    name = run_name(run_id)
    assert capsys.readouterr().err.endswith(f"; cancel it: pixecom sync --cancel {name}\n")
    assert (await cancel_now(run_id)).endswith(f"; resume it with: pixecom sync --resume {name}")


@pytest.mark.usefixtures("world")
async def test_programs_are_told_what_was_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    assert await sync_now(HISTORY, ACCEPT)
    first = printed(capsys)
    [cancelled] = json.loads(await cancel_now(UUID(first["run"]), as_json=True))
    ids = {"seller": "acme", "run": first["run"], "runId": first["runId"]}
    assert cancelled == {**ids, "cancelled": 8, "leftToOthers": 0}


async def test_it_waits_to_the_end_and_says_how_far_it_is(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = asyncio.create_task(sync_now(HISTORY, WAIT))
    async with asyncio.timeout(10):
        while not await world.read("SELECT count(*) FROM jobs"):
            pass
    await end_jobs(world)
    assert await waiting
    out, err = capsys.readouterr()
    [outcome] = json.loads(out)
    assert {key: outcome[key] for key in ("state", "jobs", "succeeded", "failed", "cancelled", "rows")} == {
        "state": "SUCCEEDED",
        "jobs": 8,
        "succeeded": 8,
        "failed": 0,
        "cancelled": 0,
        "rows": 40,
    }
    lines = [json.loads(line) for line in err.splitlines()]
    assert (lines[-1]["percent"], lines[-1]["jobsEnded"], lines[-1]["rows"]) == (100.0, 8, 40)
    assert (lines[-1]["accountsDone"], lines[-1]["accountsTotal"]) == (1, 1)


async def test_a_run_that_left_jobs_to_another_is_no_success_and_can_be_gone_on_with(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await sync_now(HISTORY, ACCEPT)
    assert await sync_now(HISTORY, ACCEPT)
    capsys.readouterr()
    second = await world.read("SELECT id FROM sync_runs ORDER BY id DESC LIMIT 1")
    name = run_name(second)
    left = f"acme: 0 jobs cancelled, 8 left to other runs (run {name})"
    assert await cancel_now(second) == f"{left}; resume it with: pixecom backfill --resume {name}"
    assert not await follow_now(second, WAIT)
    capsys.readouterr()
    assert await resume_now(second, ACCEPT)
    assert printed(capsys)["jobs"] == 8
    assert await world.read("SELECT count(*) FROM jobs") == 8


@pytest.mark.parametrize("name", ["stats", "compaction"])
async def test_a_run_of_the_schedule_can_be_followed_and_not_changed(
    world: SmallWorld, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    run_id = await start_scheduled_job(world.services, name)
    for change in (cancel_now(run_id), resume_now(run_id, ACCEPT)):
        with pytest.raises(ConflictError, match=rf"^The run is the schedule's {name}, which can only be followed; "):
            await change
    assert await follow_now(run_id, ACCEPT)
    accepted = printed(capsys)
    assert (accepted["seller"], accepted["state"], accepted["jobs"]) == (None, "RUNNING", 1)
    await end_jobs(world)
    assert await follow_now(run_id, Watch(title="Sync", wait=True, as_json=False))
    done = f"the schedule's {name}: 1 of 1 job succeeded, 0 failed, 5 rows (run {run_name(run_id)})\n"
    more = (
        "The work is done by the sellers' runs that it started. See them: pixecom status\n" if name == "stats" else ""
    )
    assert capsys.readouterr().out == done + more


@asynccontextmanager
async def away(database: ThrowawayDatabase) -> AsyncGenerator[None]:
    """The database takes no connection within, and has ended those that it had."""
    url = make_url(database.superuser_url)
    address = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    outside = cast("Any", await asyncpg.connect(address))
    try:
        await outside.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false')
        await outside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", url.database)
        try:
            yield
        finally:
            await outside.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true')
    finally:
        await outside.close()


async def until_told(task: asyncio.Task[bool], capsys: pytest.CaptureFixture[str], words: str) -> None:
    """Wait for words on standard error; what is told besides is not kept."""
    told = ""
    async with asyncio.timeout(10):
        while words not in told:
            assert not task.done(), task
            await asyncio.sleep(0)
            told += capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_database_that_is_away_for_a_while_ends_no_watch(
    world: SmallWorld,
    database: ThrowawayDatabase,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    as_json: bool,
) -> None:
    monkeypatch.setattr(run_watching, "TRY_AGAIN_SECONDS", 0.01)
    waiting = asyncio.create_task(sync_now(HISTORY, Watch(title="Backfill", wait=True, as_json=as_json)))
    await until_told(waiting, capsys, "runId" if as_json else "acme: run ")
    async with away(database):
        await until_told(waiting, capsys, "The database does not answer")
    await until_told(waiting, capsys, "The database answers again, after ")
    await end_jobs(world)
    assert await waiting


async def test_a_database_that_stays_away_is_given_up_and_the_run_is_named(
    world: SmallWorld,
    database: ThrowawayDatabase,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_watching, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(run_watching, "TRY_AGAIN_SECONDS", 0.01)
    assert await sync_now(HISTORY, ACCEPT)
    run_id = await world.read("SELECT id FROM sync_runs")
    watching = asyncio.create_task(follow_now(run_id, WAIT))
    await until_told(watching, capsys, "runId")
    async with asyncio.timeout(10), away(database):
        [given_up] = await asyncio.gather(watching, return_exceptions=True)
    assert isinstance(given_up, Exception)
    assert is_outage(given_up)
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith(f"acme: the run continues. Follow it: pixecom sync --follow {run_name(run_id)};")
    )


async def test_what_is_left_out_is_named_first(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    other = await world.add_seller("other")
    await world.add_seller("empty")
    dead = await other.add_account(name="Dead", external_id="act_9")
    refuse = (
        "UPDATE fb_connections SET health = 'UNHEALTHY', health_class = 'TOKEN' WHERE external_id IN ('act_9', 'act_2')"
    )
    await world.write(refuse)
    everything = SyncRequest(seller_slug=None, from_date=None, to_date=None)
    assert await sync_now(everything, Watch(title="Sync", wait=False, as_json=False))
    shown = capsys.readouterr()
    why = "The platform no longer accepts its access token. Replace it with `rotateToken`."
    assert shown.err.splitlines() == [
        f"acme: ad account Account (act_2) is left out. {why}",
        f"other: ad account Dead (act_9) is left out. {why}",
    ]
    assert shown.out.startswith("acme: 4 jobs accepted (run ")
    assert len(shown.out.splitlines()) == 1

    with pytest.raises(NothingToSyncError):
        await sync_now(replace(everything, seller_slug="other"), ACCEPT)
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "leftOut": {
            "seller": "other",
            "id": global_id("AdAccount", dead),
            "name": "Dead",
            "externalId": "act_9",
            "reason": "TOKEN_EXPIRED",
        }
    }


async def test_an_account_may_be_named_by_any_of_its_ids(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    account_id = await world.read("SELECT id FROM fb_connections WHERE external_id = 'act_2'")
    for name in ("act_2", "2", str(account_id), global_id("AdAccount", account_id)):
        assert await sync_now(replace(HISTORY, account_names=[name]), ACCEPT)
        assert printed(capsys)["jobs"] == 8
    assert await world.read("SELECT array_agg(DISTINCT connection_id) FROM jobs") == [account_id]


def test_a_run_may_be_named_by_either_of_its_ids() -> None:
    run_id = new_id()
    assert read_run_id(str(run_id)) == read_run_id(run_name(run_id)) == run_id
    for wrong in ("x", global_id("Job", run_id)):
        with pytest.raises(typer.BadParameter, match="is not the id of a run"):
            read_run_id(wrong)


async def test_what_did_not_succeed_is_no_success(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert await sync_now(HISTORY, ACCEPT)
    printed(capsys)
    await end_jobs(world, "FAILED")
    run_id = await world.read("SELECT id FROM sync_runs")
    assert not await follow_now(run_id, Watch(title="Sync", wait=True, as_json=False))
    shown = capsys.readouterr()
    assert shown.out == f"acme: 0 of 8 jobs succeeded, 8 failed, 40 rows (run {run_name(run_id)})\n"
    assert shown.err.splitlines()[0] == f"acme: run {run_name(run_id)}"


async def test_whoever_goes_away_is_told_how_to_see_the_run(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = asyncio.create_task(sync_now(HISTORY, WAIT))
    async with asyncio.timeout(10):
        while not await world.read("SELECT count(*) FROM jobs") or not capsys.readouterr().err:
            pass
    run_id = await world.read("SELECT id FROM sync_runs")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    told = capsys.readouterr().err.splitlines()[-1]
    name = run_name(run_id)
    seen = f"Follow it: pixecom sync --follow {name}; cancel it: pixecom backfill --cancel {name}"
    assert told == f"acme: the run continues. {seen}"
    assert await world.read("SELECT array_agg(DISTINCT state) FROM jobs") == ["QUEUED"]


async def test_what_is_not_there_is_named(world: SmallWorld) -> None:
    unknown = SyncRequest(seller_slug="acme", from_date=NOW.date(), to_date=NOW.date(), account_names=["1", "7"])
    with pytest.raises(NotFoundError, match=r"^acme has no ad account 7\. Its ad accounts: act_1, act_2\.$"):
        await sync_now(unknown, ACCEPT)
    run_id = new_id()
    for ask in (cancel_now(run_id), resume_now(run_id, ACCEPT), follow_now(run_id, ACCEPT)):
        with pytest.raises(NotFoundError, match=f"There is no run {run_name(run_id)} "):
            await ask
    assert await world.read("SELECT count(*) FROM sync_runs") == 0


THROTTLED_PAGE = new_id()


def progress(state: RunState = RunState.RUNNING, **changes: Any) -> RunProgress:
    known: dict[str, Any] = {
        "run_id": new_id(),
        "state": state,
        "percent": 25.0,
        "jobs": JobsByState(0, 2, 1, 0, 1, 3, 1, 0),
        "rows_written": 120,
        "accounts_total": 2,
        "accounts_done": 1,
        "waiting": (
            WaitingReason(
                reason=WaitReason.THROTTLED,
                connection_id=THROTTLED_PAGE,
                connection_kind=ConnectionKind.PAGE,
                jobs=1,
                until=NOW + timedelta(minutes=10),
            ),
            WaitingReason(reason=WaitReason.QUEUED, connection_id=None, connection_kind=None, jobs=2, until=None),
        ),
        "estimated_end": NOW + timedelta(minutes=90),
        "updated_at": NOW,
    }
    return RunProgress(**{**known, **changes})


def test_runs_are_weighed_by_their_jobs_and_end_with_the_last() -> None:
    small = progress(percent=100.0, jobs=JobsByState(0, 0, 0, 0, 0, 2, 0, 0), estimated_end=None, waiting=())
    both = Together.of([progress(), small])
    assert (both.percent, both.jobs_ended, both.jobs_total) == (40.0, 6, 10)
    assert (both.rows, both.accounts_done, both.accounts_total, both.failed) == (240, 2, 4, 1)
    assert (both.estimated_end, both.has_ended) == (None, False)  # of the small one nobody knows it
    assert Together.of([]).percent == 100.0
    waiting = cast("list[dict[str, object]]", both.as_json["waiting"])
    assert [(each["account"], each["page"]) for each in waiting] == [
        (None, global_id("Page", THROTTLED_PAGE)),
        (None, None),
    ]


def test_a_terminal_has_a_bar_with_everything_that_is_out_of_the_ordinary() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=160, color_system=None)
    with ProgressBar("Backfill", as_json=False, console=console) as bar:
        bar.show(Together.of([progress()]))
    until = (NOW + timedelta(minutes=10)).astimezone().strftime("%H:%M:%S")
    facts = f"4 of 8 jobs, 1 of 2 accounts, 120 rows, 1 failed, 1 throttled until {until}, 1 h 30 min left"
    shown = " ".join(text.getvalue().split())
    assert "Backfill" in shown
    assert "25%" in shown
    assert facts in shown


def test_elsewhere_there_is_a_line_at_the_end() -> None:
    text = io.StringIO()
    with ProgressBar("Sync", as_json=False, console=Console(file=text, width=40, soft_wrap=True)) as bar:
        bar.show(Together.of([progress()]))
        assert text.getvalue() == ""  # every few seconds, not at once
        ended = progress(RunState.SUCCEEDED, percent=100.0, waiting=(), estimated_end=None)
        bar.show(Together.of([ended]))
    assert text.getvalue() == "Sync: 100 %, 4 of 8 jobs, 1 of 2 accounts, 120 rows, 1 failed\n"
