"""What `sync` does: asks the one service for a run of each seller, and follows them to their end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.cli.progress_line import ProgressLine
from app.database.transactions import across_tenants, work_transaction
from app.errors import NotFoundError
from app.queries.across_tenants import AccountRef, find_seller, list_sellers, list_working_accounts
from app.queries.work_totals import WorkTotals, count_jobs
from app.services.context import open_services
from app.services.sync import enqueue_seller_sync
from app.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.queries.across_tenants import SellerRef
    from app.services.context import Services

_LOOK_EVERY_SECONDS = 0.3
_ACCOUNTS = 500
_BEFORE_THE_FIRST = AccountRef(UUID(int=0), UUID(int=0), "UTC")


@dataclass(frozen=True, kw_only=True)
class SyncRequest:
    """What the command line asks for; no slug means every seller that has an account to sync."""

    seller_slug: str | None
    from_date: date | None
    to_date: date | None
    wait: bool
    as_json: bool


class SellerRun(NamedTuple):
    """A run, and the slug of its seller."""

    slug: str
    run_id: UUID


async def sync_now(request: SyncRequest) -> bool:
    """True when every job succeeded, or, without waiting, when the work was accepted."""
    async with open_services(load_settings(), process="cli") as services:
        sellers = await _choose_sellers(services, request.seller_slug)
        runs = [await _enqueue(services, seller, request) for seller in sellers]
        progress = await (_follow(services, runs) if request.wait else _read_all(services, runs))
    _print_outcome(runs, progress, request)
    return not request.wait or all(each.succeeded == each.total for each in progress)


async def _choose_sellers(services: Services, slug: str | None) -> Sequence[SellerRef]:
    async with across_tenants(services.database.system) as driver:
        if slug is not None:
            seller = await find_seller(driver, slug=slug)
            sellers = [seller] if seller else []
        else:
            accounts = await list_working_accounts(driver, after=_BEFORE_THE_FIRST, limit=_ACCOUNTS)
            ready = {account.seller_id for account in accounts}
            sellers = [seller for seller in await list_sellers(driver) if seller.seller_id in ready]
    if not sellers:
        raise NotFoundError(
            f"There is no seller {slug!r}." if slug else "No seller has an active, healthy ad account to sync."
        )
    return sellers


async def _enqueue(services: Services, seller: SellerRef, request: SyncRequest) -> SellerRun:
    run = await enqueue_seller_sync(
        services,
        seller_id=seller.seller_id,
        requested_by=None,
        from_date=request.from_date,
        to_date=request.to_date,
    )
    return SellerRun(seller.slug, run.run_id)


async def _read_all(services: Services, runs: Sequence[SellerRun]) -> list[WorkTotals]:
    async with work_transaction(services.database.app) as driver:
        return [await count_jobs(driver, run_id=run.run_id) for run in runs]


async def _follow(services: Services, runs: Sequence[SellerRun]) -> list[WorkTotals]:
    with ProgressLine("Sync") as line:
        while True:
            progress = await _read_all(services, runs)
            total = WorkTotals(*(sum(column) for column in zip(*progress, strict=True)))
            line.show(total)
            if total.live == 0:
                return progress
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _print_outcome(runs: Sequence[SellerRun], progress: Sequence[WorkTotals], request: SyncRequest) -> None:
    outcome = [
        {
            "seller": run.slug,
            "run": str(run.run_id),
            "jobs": each.total,
            "succeeded": each.succeeded,
            "failed": each.failed,
        }
        for run, each in zip(runs, progress, strict=True)
    ]
    if request.as_json:
        print(json.dumps(outcome))
        return
    for each in outcome:
        done = f"{each['succeeded']} of {each['jobs']} jobs succeeded, {each['failed']} failed"
        accepted = f"{each['jobs']} jobs accepted"
        print(f"{each['seller']}: {done if request.wait else accepted} (run {each['run']})")
