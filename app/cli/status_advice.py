"""What an operator should do about the state of the work: a sentence each, what holds up most first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.future_report import summarize_future
from app.cli.identifiers import run_name
from app.vocabulary import FreshnessReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.services.fleet_status import FleetStatus


def list_advice(status: FleetStatus) -> list[str]:
    """Empty where nothing needs anybody."""
    return [
        *_about_processes(status),
        *_about_future(status),
        *_about_connections(status),
        *_about_failures(status),
    ]


def summarize(status: FleetStatus) -> str:
    """All of it in a line, with numbers."""
    refused, behind = _connections(status)
    failed = sum(each.failed.jobs for each in status.open_failures)
    more = " or more" if status.sellers_left else ""
    parts = [
        f"no work is done: {status.schema}" if status.is_schema_old else "",
        "work is due and no worker does it" if status.is_worker_missing else "",
        "the schedule stands still" if status.tick_is_late else "",
        f"the disk has only {status.disk}" if status.is_disk_low else "",
        f"{refused}{more} refused by the platform" if refused else "",
        f"{behind}{more} behind" if behind else "",
        f"{failed} jobs failed" if failed else "",
        summarize_future(status.future),
    ]
    return "; ".join(part for part in parts if part)


def _connections(status: FleetStatus) -> tuple[int, int]:
    """How many the platform refuses, and how many are behind for another reason."""
    refused = sum(each.reason in _REFUSED for each in status.connections)
    return refused, len(status.connections) - refused


_REFUSED = frozenset({FreshnessReason.TOKEN_EXPIRED, FreshnessReason.PERMISSION})


def _about_processes(status: FleetStatus) -> Iterator[str]:
    if status.is_disk_low:
        what = "is full" if status.disk is not None and status.disk.is_full else "is nearly full"
        yield f"The disk {what} ({status.disk}): free some space there; waiting work then resumes by itself."
    if status.is_schema_old:
        yield f"No worker and no scheduler of this release does any work: {status.schema}."
    if status.is_worker_missing:
        yield "Work is due and nobody does it: start `pixecom worker`, or see why it does not claim (its log, /readyz)."
    if status.tick_is_late:
        since = f"since {status.ticked_at:%Y-%m-%d %H:%M} UTC" if status.ticked_at else "yet"
        yield f"The schedule has not moved {since}: start `pixecom scheduler`, or look at its log."


def _about_future(status: FleetStatus) -> Iterator[str]:
    if status.future:
        yield f"A machine with a wrong clock wrote {summarize_future(status.future)}, so that new data counts."


def _about_connections(status: FleetStatus) -> Iterator[str]:
    reasons = {each.reason for each in status.connections}
    if reasons & _REFUSED:
        yield (
            "Refused connections get no calls: their sellers give them another token with the mutation rotateToken "
            "(the ids stand above); `pixecom tokens check` asks the platform about all tokens."
        )
    if any(each.held_back.by_own_limit for each in status.held_back):
        yield (
            "Work waits for calls under our own limit, and goes on by itself. Where that is the rule, raise "
            "META_CALLS_PER_HOUR to what Meta grants the app, or lengthen the intervals of the schedule."
        )
    if any(not each.held_back.by_own_limit for each in status.held_back):
        yield (
            "Meta wants a pause: there is nothing to do, the work goes on by itself when it ends. Where that is the "
            "rule, lengthen the intervals of the schedule, or get the app a higher tier at Meta."
        )
    if FreshnessReason.THROTTLED in reasons and not status.held_back:
        yield (
            "Connections whose calls run short are fetched less often, and go on by themselves. Where that is the "
            "rule, lengthen the intervals of the schedule; META_CALLS_PER_HOUR may be raised to what Meta grants the "
            "app, and no further."
        )
    if FreshnessReason.META_GAP in reasons:
        yield "Days that were never fetched: `pixecom backfill --seller … --from … --to …` fetches them."
    if reasons & {FreshnessReason.BEHIND, FreshnessReason.NEVER_SYNCED} and not status.is_worker_missing:
        yield "Connections are behind: `pixecom sync --seller …` fetches now; where much is due, start more workers."


def _about_failures(status: FleetStatus) -> Iterator[str]:
    runs = list(
        dict.fromkeys(each.failed.run_id for each in status.open_failures if each.seller and each.failed.run_id)
    )
    if status.open_failures:
        again = f": `pixecom backfill --resume {run_name(runs[0])}`" if runs else ""
        yield f"Jobs failed for good. Once the reason is gone, do them again{again}."
