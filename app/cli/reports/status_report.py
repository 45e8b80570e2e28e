"""What `status` prints: tables for people, one JSON object for programs. Ids are the API's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.cli.printing.listing import Column, Row, open_console, print_line, print_listing
from app.cli.process.command_services import open_command_services
from app.cli.process.identifiers import connection_name, run_name
from app.cli.reports.future_report import future_facts, print_future
from app.cli.reports.status_advice import list_advice
from app.configuration.settings import load_inspection_settings
from app.services.fleet_status import read_fleet_status
from app.services.jobs.run_progress import WaitReason
from app.vocabulary import FreshnessState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from rich.console import Console

    from app.queries.jobs.failing_work import OutdatedWork
    from app.queries.jobs.fleet_status import Gap
    from app.queries.warnings.version_upgrades import VersionUpgrade
    from app.services.fleet_status import (
        ConnectionStatus,
        FailureStatus,
        FleetStatus,
        GapStatus,
        HeldBackStatus,
        RunStatus,
    )


def _columns(*words: str, whole: Sequence[str]) -> tuple[Column, ...]:
    return (*map(Column, words), *(Column(name, is_whole=True) for name in whole))


_RUN = _columns("seller", "what", "since", "jobs", "state", whole=("run", "parked"))
_FAILURE = _columns("seller", "job", "times", "last", "class", "since then", whole=("run", "reason"))
_CONNECTION = _columns("seller", "connection", "trouble", "numbers", "since", "until", whole=("id", "reason"))
_PAUSE = _columns("seller", "connection", "calls", "until", whole=("reason",))
_OUTDATED = _columns("work", "connections", "since", "asked again", whole=("reason",))
_GAP = _columns("seller", "connection", "what", "things", "days", "last seen", whole=("odd", "such as"))


async def show_status(*, seller_slug: str | None, as_json: bool) -> bool:
    """True if no action is needed."""
    async with open_command_services(load_inspection_settings()) as services:
        status = await read_fleet_status(services, seller_slug=seller_slug)
    if as_json:
        print(json.dumps(_as_json(status), indent=1))
    else:
        print_status(status, open_console())
    return status.is_well


def print_status(status: FleetStatus, console: Console) -> None:
    """Only the sections that have something, and what to do at the end."""
    _print_section(console, "Runs", status.runs_total, _RUN, [_run_row(each, status) for each in status.runs])
    failures = [_failure_row(each, status) for each in status.failures]
    _print_section(console, "Failed within a day", status.failures_total, _FAILURE, failures)
    connections = [_connection_row(each, status) for each in status.connections]
    _print_section(console, "Connections in trouble", len(connections), _CONNECTION, connections)
    pauses = [_pause_row(each, status) for each in status.held_back]
    _print_section(console, "Calls held back", len(pauses), _PAUSE, pauses)
    gaps = [_gap_row(each, status) for each in status.gaps]
    _print_section(console, "Read with gaps", status.gaps_total, _GAP, gaps)
    outdated = [_outdated_row(each, status) for each in status.outdated]
    _print_section(console, "Refused to this installation by Meta", len(outdated), _OUTDATED, outdated)
    if status.future:
        console.print("[bold]Rows with a future time[/bold]")
        print_future(console, status.future)
        console.print()
    due = [f"{queue.priority.name.lower()} {queue.jobs} ({_span(queue.age)})" for queue in status.queues if queue.jobs]
    ticked = f"; the schedule last moved {_when(status.ticked_at, status.read_at)}" if status.ticked_at else ""
    console.print(f"[bold]Due now[/bold]: {', '.join(due) or 'nothing'}{ticked}.")
    if status.sellers_left:
        console.print("More sellers are in trouble than were looked at; name one with --seller.")
    advice = list_advice(status)
    console.print()
    if not advice:
        console.print("[green]No action is needed.[/green]")
    for sentence in advice:
        print_line(console, f"→ {sentence}", style="yellow")


def _print_section(console: Console, title: str, total: int, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    if rows:
        more = f" (the first {len(rows)} of {total})" if total > len(rows) else ""
        console.print(f"[bold]{title}[/bold]{more}")
        print_listing(console, columns, rows)
        console.print()


def _run_row(each: RunStatus, status: FleetStatus) -> Row:
    run, progress = each.run, each.progress
    what = f"{run.reason} ({run.origin.lower()})"
    done = f"{progress.jobs_ended} of {progress.jobs_total}" if progress else ""
    since, state = _when(run.created_at, status.read_at), _run_state(each, status)
    return Row((each.seller or "", what, since, done, state, run_name(run.id), "; ".join(run.parked_for)))


def _run_state(each: RunStatus, status: FleetStatus) -> str:
    """What it does, or what it waits for first, and until when."""
    if each.run.jobs_running:
        return f"{each.run.jobs_running} running"
    waiting = (
        [one.reason for one in each.progress.waiting if one.reason is not WaitReason.BLOCKED] if each.progress else []
    )
    reason = waiting[0].lower() if waiting else "waiting"
    is_due = each.run.next_at is None or each.run.next_at <= status.read_at
    return reason if is_due else f"{reason}, {_when(each.run.next_at, status.read_at)}"


def _failure_row(each: FailureStatus, status: FleetStatus) -> Row:
    failed = each.failed
    what = f"{failed.kind} of {each.connection}" if each.connection else failed.kind
    run = run_name(failed.run_id) if failed.run_id else ""
    since, style = ("succeeded", "dim") if failed.recovered else ("", "red")
    times, last = str(failed.jobs), _when(failed.last_at, status.read_at)
    cells = (each.seller or "", what, times, last, failed.error_class, since, run, failed.error_reason)
    return Row(cells, style)


def _connection_row(each: ConnectionStatus, status: FleetStatus) -> Row:
    style = "yellow" if each.refusal is None and each.state is FreshnessState.LATE else "red"
    since, until = _when(each.since, status.read_at), _when(each.until, status.read_at)
    cells = (each.seller, each.connection.name, each.trouble or "", each.state or "", since, until)
    return Row((*cells, _connection_id(each) or "", each.detail or ""), style)


def _pause_row(each: HeldBackStatus, status: FleetStatus) -> Row:
    until = _when(each.held_back.until, status.read_at)
    return Row((each.seller or "all", each.connection or "all", _reach(each), until, each.held_back.reason))


def _gap_row(each: GapStatus, status: FleetStatus) -> Row:
    gap = each.gap
    cells = (each.seller or "", each.connection or "", gap.subject.lower().replace("_", " "), str(gap.things))
    seen = _when(gap.last_seen_at, status.read_at)
    return Row((*cells, _days(gap), seen, gap.sentence, gap.example or ""), "yellow")


def _outdated_row(each: OutdatedWork, status: FleetStatus) -> Row:
    since, again = _when(each.since, status.read_at), _when(each.ask_again_at, status.read_at)
    return Row((", ".join(each.works).lower(), str(each.connections), since, again, each.reason), "red")


def _days(gap: Gap) -> str:
    if gap.from_date is None or gap.from_date == gap.to_date:
        return str(gap.from_date or "")
    return f"{gap.from_date} to {gap.to_date}"


def _reach(each: HeldBackStatus) -> str:
    """The use case whose calls are held back."""
    return each.scope.use_case or "all"


def _connection_id(each: ConnectionStatus) -> str | None:
    return connection_name(each.connection.kind, each.connection.id)


def _when(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return f"in {_span(at - now)}" if at > now else f"{_span(now - at)} ago"


def _span(age: timedelta) -> str:
    """In the largest unit of which it has at least two."""
    seconds = round(age.total_seconds())
    units = ((86_400, "days"), (3600, "h"), (60, "min"))
    return next((f"{seconds // length} {unit}" for length, unit in units if seconds >= 2 * length), f"{seconds} s")


def _as_json(status: FleetStatus) -> dict[str, object]:
    return {
        "readAt": status.read_at.isoformat(),
        "seller": status.seller,
        "isWell": status.is_well,
        "runsTotal": status.runs_total,
        "runs": [_run(each) for each in status.runs],
        "failuresTotal": status.failures_total,
        "failures": [_failure(each) for each in status.failures],
        "connections": [_connection(each) for each in status.connections],
        "moreSellersInTrouble": status.sellers_left,
        "callsHeldBack": [
            {
                "seller": each.seller,
                "connection": each.connection,
                "calls": _reach(each),
                "until": each.held_back.until.isoformat(),
                "reason": each.held_back.reason,
                "byOwnLimit": each.held_back.by_own_limit,
            }
            for each in status.held_back
        ],
        "gapsTotal": status.gaps_total,
        "gaps": [_gap(each) for each in status.gaps],
        "outdated": [_outdated(each) for each in status.outdated],
        "versionUpgrade": _upgrade(status.upgrade) if status.upgrade else None,
        "due": [
            {"priority": queue.priority.name, "jobs": queue.jobs, "oldestSeconds": round(queue.age.total_seconds(), 1)}
            for queue in status.queues
        ],
        "isWorking": status.is_working,
        "scheduleMovedAt": _iso(status.ticked_at),
        "scheduleIsLate": status.tick_is_late,
        "schema": status.schema,
        "clock": status.clock,
        "redis": status.redis,
        "disk": {"free": status.disk.free, "size": status.disk.size} if status.disk else None,
        "future": [fact for finding in status.future for fact in future_facts(finding)],
        "advice": list_advice(status),
    }


def _run(each: RunStatus) -> dict[str, object]:
    return {
        "seller": each.seller,
        "runId": run_name(each.run.id),
        "origin": each.run.origin,
        "reason": each.run.reason,
        "createdAt": each.run.created_at.isoformat(),
        "percent": each.progress.percent if each.progress else None,
        "jobsLive": each.run.jobs_live,
        "jobsRunning": each.run.jobs_running,
        "jobsFailed": each.progress.jobs_failed if each.progress else None,
        "waitingFor": list(dict.fromkeys(one.reason for one in each.progress.waiting)) if each.progress else [],
        "nextAt": _iso(each.run.next_at),
        "parkedFor": list(each.run.parked_for),
    }


def _failure(each: FailureStatus) -> dict[str, object]:
    failed = each.failed
    return {
        "seller": each.seller,
        "connection": each.connection,
        "job": failed.kind,
        "times": failed.jobs,
        "lastAt": failed.last_at.isoformat(),
        "errorClass": failed.error_class,
        "errorReason": failed.error_reason,
        "runId": run_name(failed.run_id) if failed.run_id else None,
        "succeededSince": failed.recovered,
    }


def _gap(each: GapStatus) -> dict[str, object]:
    gap = each.gap
    return {
        "seller": each.seller,
        "connection": each.connection,
        "subject": gap.subject,
        "message": gap.sentence,
        "count": gap.things,
        "fromDate": gap.from_date.isoformat() if gap.from_date else None,
        "toDate": gap.to_date.isoformat() if gap.to_date else None,
        "example": gap.example,
        "lastSeenAt": gap.last_seen_at.isoformat(),
    }


def _outdated(each: OutdatedWork) -> dict[str, object]:
    return {
        "message": each.reason,
        "code": each.error_code,
        "work": list(each.works),
        "connections": each.connections,
        "since": each.since.isoformat(),
        "askedAgainAt": each.ask_again_at.isoformat(),
    }


def _upgrade(upgrade: VersionUpgrade) -> dict[str, object]:
    return {
        "message": upgrade.sentence,
        "connections": upgrade.connections,
        "since": upgrade.since.isoformat(),
        "lastSeenAt": upgrade.last_seen_at.isoformat(),
    }


def _connection(each: ConnectionStatus) -> dict[str, object]:
    return {
        "seller": each.seller,
        "id": _connection_id(each),
        "kind": each.connection.kind,
        "name": each.connection.name,
        "externalId": each.connection.external_id,
        "refusal": each.refusal,
        "numbers": each.state,
        "reason": each.reason,
        "detail": each.detail,
        "since": _iso(each.since),
        "until": _iso(each.until),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
