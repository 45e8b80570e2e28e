"""What `status` prints: tables for people, one JSON object for programs. Ids are the API's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.command_services import open_command_services
from app.cli.future_report import future_facts, future_table
from app.cli.identifiers import run_name
from app.cli.status_advice import list_advice
from app.services.fleet_status import read_fleet_status
from app.services.run_progress import WaitReason
from app.settings import load_settings
from app.vocabulary import ConnectionKind, FreshnessState
from graphql_schema.global_id import global_id

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from app.queries.fleet_status import Gap
    from app.services.fleet_status import (
        ConnectionStatus,
        FailureStatus,
        FleetStatus,
        GapStatus,
        HeldBackStatus,
        RunStatus,
    )

FILE_WIDTH = 240
"""Columns, where the output is no terminal, so that nothing is cut."""
_TYPES = {ConnectionKind.AD_ACCOUNT: "AdAccount", ConnectionKind.PAGE: "Page"}


async def show_status(*, seller_slug: str | None, as_json: bool) -> bool:
    """True when nothing needs anybody."""
    async with open_command_services(load_settings()) as services:
        status = await read_fleet_status(services, seller_slug=seller_slug)
    if as_json:
        print(json.dumps(_as_json(status), indent=1))
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = FILE_WIDTH
        print_status(status, console)
    return status.is_well


def print_status(status: FleetStatus, console: Console) -> None:
    """Only the sections that have something, and what to do at the end."""
    _section(console, "Runs", status.runs_total, _run_table(status))
    _section(console, "Failed within a day", status.failures_total, _failure_table(status))
    _section(console, "Connections in trouble", len(status.connections), _connection_table(status))
    _section(console, "Calls held back", len(status.held_back), _pause_table(status))
    _section(console, "Read with gaps", status.gaps_total, _gap_table(status))
    _section(console, "Rows with a future time", len(status.future), future_table(status.future))
    due = [f"{queue.priority.name.lower()} {queue.jobs} ({_span(queue.age)})" for queue in status.queues if queue.jobs]
    ticked = f"; the schedule last moved {_when(status.ticked_at, status.read_at)}" if status.ticked_at else ""
    console.print(f"[bold]Due now[/bold]: {', '.join(due) or 'nothing'}{ticked}.")
    if status.sellers_left:
        console.print("More sellers are in trouble than were looked at; name one with --seller.")
    advice = list_advice(status)
    console.print()
    if not advice:
        console.print("[green]Nothing needs anybody.[/green]")
    for sentence in advice:
        console.print(Text(f"→ {sentence}", style="yellow"))


def _section(console: Console, title: str, total: int, table: Table) -> None:
    if total:
        more = f" (the first {table.row_count} of {total})" if total > table.row_count else ""
        console.print(f"[bold]{title}[/bold]{more}")
        console.print(table)
        console.print()


def _table(*columns: str) -> Table:
    """The second column is of several lines: what it is, and the id by which other commands know it."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", header_style="dim")
    return table


def _add(table: Table, *cells: str, style: str = "") -> None:
    """Names and reasons are no markup."""
    table.add_row(*(Text(cell, style=style) for cell in cells))


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)


def _run_table(status: FleetStatus) -> Table:
    table = _table("seller", "run", "since", "jobs", "state")
    for each in status.runs:
        run, progress = each.run, each.progress
        what = f"{run.reason} ({run.origin.lower()})"
        name = _lines(what, run_name(run.id))
        done = f"{progress.jobs_ended} of {progress.jobs_total}" if progress else ""
        _add(table, each.seller or "", name, _when(run.created_at, status.read_at), done, _run_state(each, status))
    return table


def _run_state(each: RunStatus, status: FleetStatus) -> str:
    """What it does, or what it waits for first, and until when; and why jobs of it are held back."""
    return _lines(_run_activity(each, status), *each.run.parked_for)


def _run_activity(each: RunStatus, status: FleetStatus) -> str:
    if each.run.jobs_running:
        return f"{each.run.jobs_running} running"
    waiting = (
        [one.reason for one in each.progress.waiting if one.reason is not WaitReason.BLOCKED] if each.progress else []
    )
    reason = waiting[0].lower() if waiting else "waiting"
    is_due = each.run.next_at is None or each.run.next_at <= status.read_at
    return reason if is_due else f"{reason}, {_when(each.run.next_at, status.read_at)}"


def _failure_table(status: FleetStatus) -> Table:
    table = _table("seller", "job", "times", "last", "class", "since then")
    for each in status.failures:
        failed = each.failed
        what = f"{failed.kind} of {each.connection}" if each.connection else failed.kind
        name = _lines(what, failed.error_reason, run_name(failed.run_id) if failed.run_id and each.seller else None)
        since, style = ("succeeded", "dim") if failed.recovered else ("", "red")
        times, last = str(failed.jobs), _when(failed.last_at, status.read_at)
        _add(table, each.seller or "", name, times, last, failed.error_class, since, style=style)
    return table


def _connection_table(status: FleetStatus) -> Table:
    table = _table("seller", "connection", "numbers", "because", "since", "until")
    for each in status.connections:
        name = _lines(each.connection.name, each.detail, _connection_id(each))
        style = "yellow" if each.state is FreshnessState.LATE else "red"
        since, until = _when(each.since, status.read_at), _when(each.until, status.read_at)
        _add(table, each.seller, name, each.state, each.reason, since, until, style=style)
    return table


def _pause_table(status: FleetStatus) -> Table:
    table = _table("seller", "connection", "calls", "until")
    for each in status.held_back:
        name = _lines(each.connection or "all", each.held_back.reason)
        _add(table, each.seller or "all", name, _reach(each), _when(each.held_back.until, status.read_at))
    return table


def _gap_table(status: FleetStatus) -> Table:
    table = _table("seller", "connection", "things", "days", "last seen")
    for each in status.gaps:
        gap = each.gap
        what = f"{gap.subject.lower().replace('_', ' ')}: {gap.sentence}"
        name = _lines(each.connection or "", what, f"such as {gap.example}" if gap.example else None)
        seen = _when(gap.last_seen_at, status.read_at)
        _add(table, each.seller or "", name, str(gap.things), _days(gap), seen, style="yellow")
    return table


def _days(gap: Gap) -> str:
    if gap.from_date is None or gap.from_date == gap.to_date:
        return str(gap.from_date or "")
    return f"{gap.from_date} to {gap.to_date}"


def _reach(each: HeldBackStatus) -> str:
    """The use case whose calls are held back."""
    parts = each.held_back.scope.split("/")
    return parts[2] if len(parts) > 2 else "all"  # noqa: PLR2004  # connection/<id>/<use case>


def _connection_id(each: ConnectionStatus) -> str:
    return global_id(_TYPES[each.connection.kind], each.connection.id)


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
        "due": [
            {"priority": queue.priority.name, "jobs": queue.jobs, "oldestSeconds": round(queue.age.total_seconds(), 1)}
            for queue in status.queues
        ],
        "isWorking": status.is_working,
        "scheduleMovedAt": _iso(status.ticked_at),
        "scheduleIsLate": status.tick_is_late,
        "schema": status.schema,
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


def _connection(each: ConnectionStatus) -> dict[str, object]:
    return {
        "seller": each.seller,
        "id": _connection_id(each),
        "kind": each.connection.kind,
        "name": each.connection.name,
        "externalId": each.connection.external_id,
        "numbers": each.state,
        "reason": each.reason,
        "detail": each.detail,
        "since": _iso(each.since),
        "until": _iso(each.until),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
