"""What an operator should do about the state of the work: a sentence each, the largest obstacle first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.printing.counting import counted
from app.cli.printing.pasting import pasted, pasted_anywhere
from app.cli.reports.future_report import summarize_future
from app.cli.runs.follow_commands import resume_command
from app.providers.meta.calls.installation_faults import Fault, find_fault
from app.vocabulary import FreshnessReason, UseCase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.queries.jobs.failing_work import OutdatedWork
    from app.queries.warnings.version_upgrades import VersionUpgrade
    from app.services.fleet_status import FleetStatus

# What Meta refuses of this installation, and the remedy; in the order of what is mended first.
_FAULTS = {
    Fault.ADDRESS: (
        "does not know the address that this installation asks",
        "set META_GRAPH_URL to scheme and host alone, without a path, then restart pixecom",
    ),
    Fault.VERSION: (
        "has dropped the version of its API that this installation asks for",
        "set META_API_VERSION to a version that Meta still offers, then restart pixecom",
    ),
    Fault.APP: (
        "refuses the app of this installation",
        "look at the app in Meta's App Dashboard, and at META_APP_ID and META_APP_SECRET here, then restart pixecom",
    ),
    Fault.CALL: ("has dropped a call that this installation makes", "upgrade pixecom"),
    Fault.FIELD: ("has dropped a field that this installation asks for", "upgrade pixecom"),
}
_APP_REFUSED = (
    "Meta does not accept META_APP_ID with META_APP_SECRET, so no token can be checked: set both as the app's "
    "dashboard at Meta shows them, then restart pixecom. Connections are not affected by this check and stay healthy."
)
_BEHIND = frozenset({FreshnessReason.BEHIND, FreshnessReason.NEVER_SYNCED})
_OFTEN_NEAR_THE_END = (
    "If that happens regularly, lengthen the intervals of the schedule, or get the app a higher tier at Meta."
)


def list_advice(status: FleetStatus) -> list[str]:
    """Empty if no action is needed."""
    return [
        *_about_processes(status),
        *_about_future(status),
        *_about_outdated(status),
        *_about_upgrade(status),
        *_about_connections(status),
        *_about_failures(status),
    ]


def summarize(status: FleetStatus) -> str:
    """All of it in a line, with numbers."""
    refused, behind = _connections(status)
    failed = sum(each.failed.jobs for each in status.open_failures)
    more = " or more" if status.sellers_left else ""
    parts = [
        *(f"no work is done: {obstacle}" for obstacle in status.obstacles),
        "jobs are due but no worker is running" if status.is_worker_missing else "",
        "the schedule does not move" if status.tick_is_late else "",
        f"the disk has only {status.disk}" if status.is_disk_low else "",
        f"{counted(refused, 'connection')}{more} refused by the platform" if refused else "",
        f"{counted(behind, 'connection')}{more} behind" if behind else "",
        f"Meta refuses this installation ({_clause(status.outdated[0].reason)})" if status.outdated else "",
        _clause(status.upgrade.sentence) if status.upgrade else "",
        f"{counted(failed, 'job')} failed" if failed else "",
        summarize_future(status.future),
    ]
    return "; ".join(part for part in parts if part)


def _clause(sentence: str) -> str:
    return sentence.rstrip(". ")


def _connections(status: FleetStatus) -> tuple[int, int]:
    """How many the platform refuses, and how many are behind for another reason."""
    refused = sum(each.refusal is not None for each in status.connections)
    return refused, len(status.connections) - refused


def _about_processes(status: FleetStatus) -> Iterator[str]:
    if status.is_disk_low:
        what = "is full" if status.disk is not None and status.disk.is_full else "is nearly full"
        yield f"The disk {what} ({status.disk}): free some space there; waiting work then resumes by itself."
    for obstacle in status.obstacles:
        yield f"No worker and no scheduler of this release does any work: {obstacle}."
    if status.is_worker_missing:
        yield (
            f"Jobs are due but no worker is running: start `{pasted_anywhere('worker')}`, or see why it does not claim "
            "any (its log, /readyz)."
        )
    if status.tick_is_late:
        since = f"since {status.ticked_at:%Y-%m-%d %H:%M} UTC" if status.ticked_at else "yet"
        yield f"The schedule has not moved {since}: start `{pasted_anywhere('scheduler')}`, or look at its log."


def _about_future(status: FleetStatus) -> Iterator[str]:
    if status.future:
        yield f"A machine with a wrong clock wrote {summarize_future(status.future)}, so that new data counts."


def describe_outdated(outdated: Sequence[OutdatedWork]) -> str:
    """What Meta refuses of this installation, and what to do about it."""
    if all(each.is_about_app for each in outdated):
        return _APP_REFUSED
    found = {find_fault(each.reason, each.error_code) or Fault.FIELD for each in outdated}
    what, remedy = next(text for fault, text in _FAULTS.items() if fault in found)
    return (
        f"Meta {what}: {remedy}. Until then the schedule tries one account at a time, every 15 minutes to 4 hours; "
        f"`{pasted('sync')}` tries at once."
    )


def _about_outdated(status: FleetStatus) -> Iterator[str]:
    for is_about_app in (True, False):
        if found := [each for each in status.outdated if each.is_about_app is is_about_app]:
            yield describe_outdated(found)


def describe_upgrade(upgrade: VersionUpgrade) -> str:
    """Which version answers instead of the asked one, and what to do about it."""
    return (
        f"{upgrade.sentence} Meta may refuse it any day: set META_API_VERSION to a version that Meta offers, or "
        "upgrade pixecom, then restart it."
    )


def _about_upgrade(status: FleetStatus) -> Iterator[str]:
    if status.upgrade is not None:
        yield describe_upgrade(status.upgrade)


def _about_connections(status: FleetStatus) -> Iterator[str]:
    reasons = {each.reason for each in status.connections if each.refusal is None}
    refusals = {each.refusal for each in status.connections}
    if FreshnessReason.TOKEN_EXPIRED in refusals:
        yield (
            "Connections whose token Meta no longer accepts get no calls: their sellers replace the tokens with "
            f"the mutation rotateToken (the ids are above); `{pasted('tokens', 'check')}` asks Meta about all tokens."
        )
    if FreshnessReason.PERMISSION in refusals:
        yield (
            "Connections that lack a permission get no calls: their sellers grant it at Meta (the reasons are above), "
            "then resume them with the mutation rotateToken, with the same token or another."
        )
    if FreshnessReason.REFUSED in reasons:
        yield (
            "What is asked of Meta for some connections is refused: see their reasons above. Where they say that a "
            "proxy or firewall may have answered, look at the way from here to Meta. More workers or another sync "
            "change nothing until the answers change."
        )
    if FreshnessReason.FAILING in reasons:
        yield (
            "The last syncs of some connections failed: see their reasons above, and the log of the workers. The "
            "schedule tries again by itself."
        )
    yield from _about_held_back(status)
    if FreshnessReason.META_GAP in reasons:
        seller = _only_seller(status, FreshnessReason.META_GAP) or "SELLER"
        backfill = pasted("backfill", "--seller", seller, "--from", "FIRST_DAY", "--to", "LAST_DAY")
        yield f"Some days were never fetched: `{backfill}` fetches them."
    if (sellers := _sellers_behind(status)) and not status.is_worker_missing:
        sync = pasted("sync", *(["--seller", *sellers] if len(sellers) == 1 else []))
        yield f"Connections are behind: `{sync}` fetches now; if many jobs are due, start more workers."


def _about_held_back(status: FleetStatus) -> Iterator[str]:
    if any(each.held_back.by_own_limit for each in status.held_back):
        yield (
            "Work waits for calls under our own limit, and resumes by itself. If that happens regularly, raise "
            "META_CALLS_PER_HOUR to what Meta grants the app, or lengthen the intervals of the schedule."
        )
    if any(each.is_platforms for each in status.held_back):
        yield (
            "Meta wants a pause: the work resumes by itself when it ends, and not before, whatever asks for it "
            f"(`{pasted('sync')}` does not help). {_OFTEN_NEAR_THE_END}"
        )
    if any(each.is_caution for each in status.held_back):
        yield (
            "Meta's quota is nearly used up: background work starts minutes later than it could, by itself; "
            f"`{pasted('sync')}` is not held back. {_OFTEN_NEAR_THE_END}"
        )
    runs_short = any(each.reason is FreshnessReason.THROTTLED for each in status.connections if each.refusal is None)
    if runs_short and not status.held_back:
        yield (
            "Connections that run short of calls are fetched less often, and recover by themselves. If that happens "
            "regularly, lengthen the intervals of the schedule; META_CALLS_PER_HOUR may be raised to what Meta grants "
            "the app, and no further."
        )


def _sellers_behind(status: FleetStatus) -> set[str]:
    """The sellers of connections that are behind and may be asked for numbers now."""
    scopes = [each.scope for each in status.held_back if each.is_platforms]
    paused = {scope.connection_id for scope in scopes if scope.use_case in {None, UseCase.ADS_INSIGHTS}}
    behind = [each for each in status.connections if each.refusal is None and each.reason in _BEHIND]
    return {each.seller for each in behind if not {None, each.connection.id} & paused}


def _only_seller(status: FleetStatus, reason: FreshnessReason) -> str | None:
    """The seller of all connections with this reason; None if there are several."""
    sellers = {each.seller for each in status.connections if each.refusal is None and each.reason is reason}
    return sellers.pop() if len(sellers) == 1 else None


def _about_failures(status: FleetStatus) -> Iterator[str]:
    if status.open_failures:
        again = next((f": `{command}`" for command in _resuming(status)), "")
        yield f"Jobs failed for good. Once the reason is gone, retry them{again}."


def _resuming(status: FleetStatus) -> Iterator[str]:
    for each in status.open_failures:
        failed = each.failed
        if each.seller and failed.run_id and failed.run_origin:
            yield resume_command(failed.run_id, failed.run_origin)
