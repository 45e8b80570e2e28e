"""What `sync` and `backfill` do: ask the one service for runs, or change one, and watch them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cli.printing.counting import counted
from app.cli.printing.pasting import pasted
from app.cli.process.command_services import open_command_services
from app.cli.process.identifiers import find_id, run_name
from app.cli.runs.follow_commands import resume_command
from app.cli.runs.skipped_connections import tell_left_out
from app.cli.runs.watching import ScheduleRun, SellerRun, Watch, watch_runs
from app.configuration.settings import load_settings
from app.database.transactions import across_tenants, tenant_transaction, work_transaction
from app.errors import ConflictError, NotFoundError, NothingToSyncError
from app.queries.across_tenants import list_sellers
from app.queries.connections.connections import list_accounts
from app.queries.jobs.run_owners import find_run_owner
from app.services.choices import list_choices
from app.services.jobs.run_control import cancel_run, retry_run
from app.services.named_seller import get_seller
from app.services.schedule.timetable import find_entry
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.cli.runs.watching import WatchedRun
    from app.queries.across_tenants import SellerRef
    from app.services.context import Services
    from app.services.jobs.run_control import CalledOff
    from app.services.jobs.run_requests import EnqueuedRun


@dataclass(frozen=True, kw_only=True)
class SyncRequest:
    """What is asked for; no slug means every seller, no accounts all of them."""

    seller_slug: str | None
    from_date: date | None
    to_date: date | None
    account_names: Sequence[str] = ()
    is_backfill: bool = False

    @property
    def origin(self) -> RunOrigin:
        """The origin recorded with the runs that are started."""
        return RunOrigin.BACKFILL if self.is_backfill else RunOrigin.MANUAL


async def sync_now(request: SyncRequest, watch: Watch) -> bool:
    """True when every job succeeded, or, without waiting, when the work was accepted.

    What is left out is named. Raises NothingToSyncError if that is everything.
    """
    async with open_command_services(load_settings()) as services:
        runs: list[SellerRun] = []
        for seller in await _choose_sellers(services, request.seller_slug):
            try:
                run = await _enqueue(services, seller, request)
            except NothingToSyncError as error:
                tell_left_out(seller.slug, error.left_out, as_json=watch.as_json)
                if request.seller_slug is not None:
                    raise
                continue
            tell_left_out(seller.slug, run.left_out, as_json=watch.as_json)
            runs.append(SellerRun(seller.slug, seller.seller_id, run.run_id, request.origin))
        if not runs:
            raise NothingToSyncError("No seller has an active, healthy ad account to sync.", left_out=())
        return await watch_runs(services, runs, watch)


async def follow_now(run_id: UUID, watch: Watch) -> bool:
    """Watch a run that somebody or the schedule asked for. Raises NotFoundError."""
    async with open_command_services(load_settings()) as services:
        return await watch_runs(services, [await _find_run(services, run_id)], watch)


async def cancel_now(run_id: UUID, *, as_json: bool = False) -> str:
    """Cancel a run; returns the outcome to print. Raises NotFoundError and ConflictError."""
    async with open_command_services(load_settings()) as services:
        run = _sellers(await _find_run(services, run_id))
        cancelled = await cancel_run(services, seller_id=run.seller_id, run_id=run.run_id)
    return (_cancelled_as_json if as_json else _cancelled_as_text)(run, cancelled)


def _cancelled_as_text(run: SellerRun, cancelled: CalledOff) -> str:
    left = f", {cancelled.left_to_others} left to other runs" if cancelled.left_to_others else ""
    told = f"{run.slug}: {counted(cancelled.jobs, 'job')} cancelled{left} (run {run_name(run.run_id)})"
    return f"{told}; resume it with: {resume_command(run.run_id, run.origin)}"


def _cancelled_as_json(run: SellerRun, cancelled: CalledOff) -> str:
    ids = {"seller": run.slug, "run": str(run.run_id), "runId": run_name(run.run_id)}
    return json.dumps([{**ids, "cancelled": cancelled.jobs, "leftToOthers": cancelled.left_to_others}])


async def resume_now(run_id: UUID, watch: Watch) -> bool:
    """Retry the jobs that a run left undone. Raises NotFoundError and ConflictError."""
    async with open_command_services(load_settings()) as services:
        run = _sellers(await _find_run(services, run_id))
        again = await retry_run(services, seller_id=run.seller_id, run_id=run.run_id, requested_by=None)
        return await watch_runs(services, [run._replace(run_id=again.run_id)], watch)


async def _find_run(services: Services, run_id: UUID) -> WatchedRun:
    async with work_transaction(services.database.app) as driver:
        owner = await find_run_owner(driver, run_id)
    if owner is not None and owner.seller_id is None:
        entry = find_entry(services.settings, owner.reason)
        return ScheduleRun(owner.reason, run_id, asks_sellers=entry is not None and entry.plan is not None)
    async with across_tenants(services.database.system) as driver:
        slugs = {seller.seller_id: seller.slug for seller in await list_sellers(driver)}
    if owner is None or owner.seller_id is None or owner.seller_id not in slugs:
        raise NotFoundError(
            f"There is no run {run_name(run_id)} (UUID {run_id}). `{pasted('status')}` shows the runs in progress."
        )
    return SellerRun(slugs[owner.seller_id], owner.seller_id, run_id, owner.origin)


def _sellers(run: WatchedRun) -> SellerRun:
    """Only what is a seller's can be changed. Raises ConflictError for a run of the schedule's own."""
    if isinstance(run, ScheduleRun):
        raise ConflictError(f"The run is {run.slug}, which can only be followed; the sellers' runs can be changed.")
    return run


async def _choose_sellers(services: Services, slug: str | None) -> Sequence[SellerRef]:
    async with across_tenants(services.database.system) as driver:
        if slug is None:
            return list(await list_sellers(driver))
        return [await get_seller(driver, slug=slug)]


async def _enqueue(services: Services, seller: SellerRef, request: SyncRequest) -> EnqueuedRun:
    return await enqueue_seller_sync(
        services,
        seller_id=seller.seller_id,
        requested_by=None,
        from_date=request.from_date,
        to_date=request.to_date,
        account_ids=await _find_accounts(services, seller, request.account_names),
        origin=request.origin,
        priority=Priority.BACKFILL if request.is_backfill else Priority.MANUAL,
    )


async def _find_accounts(services: Services, seller: SellerRef, names: Sequence[str]) -> list[UUID] | None:
    """The accounts with these ids, the platform's or ours; None without any. Raises NotFoundError naming the others."""
    if not names:
        return None
    async with tenant_transaction(services.database.app, seller.seller_id) as driver:
        accounts = await list_accounts(driver, seller_id=seller.seller_id)
    own = {account.id for account in accounts}
    by_platform = {account.external_id.removeprefix("act_"): account.id for account in accounts}
    found = {name: by_platform.get(name.removeprefix("act_")) or find_id(name, "AdAccount") for name in names}
    missing = [name for name, account_id in found.items() if account_id not in own]
    if missing:
        names = list_choices([account.external_id for account in accounts])
        raise NotFoundError(f"{seller.slug} has no ad account {', '.join(missing)}. Its ad accounts: {names}.")
    return [account_id for account_id in found.values() if account_id is not None]
