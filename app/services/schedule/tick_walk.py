"""The job of a tick: it walks over all sellers in pages and records their work, a few sellers in each transaction.

Its progress is kept in a row of its own and moves in those transactions, so that the worker that takes over a killed
tick continues exactly after the last seller of the last committed one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from app import clock
from app.database.driver_errors import LOCKED
from app.database.transactions import across_tenants, work_transaction
from app.errors import RequestRefusedError
from app.observability.logging import get_logger
from app.queries.schedule.seller_connections import list_seller_connections
from app.queries.schedule.ticks import (
    BEFORE_THE_FIRST,
    TickPlace,
    find_newest_tick,
    find_tick_place,
    limit_lock_waits,
    save_tick_place,
    take_tick,
)
from app.services.jobs.failure import FailureClass, classify
from app.services.jobs.run_requests import record_run
from app.services.schedule.timetable import find_entry
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.schedule.seller_connections import SellerConnections
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from app.services.jobs.plans import PlannedRun, Planner, SellerPlan, Tick

log = get_logger(__name__)

SELLERS_A_PAGE = 100
# A third of what a seller costs is its own commit (4.0 ms alone, 2.6 ms of twenty, with eight jobs a seller).
SELLERS_AT_ONCE = 20
# As long as sellers are recorded together, one whose live job is locked holds up the live jobs of the others.
TOGETHER_WAIT = timedelta(milliseconds=200)


async def run_tick_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of tick jobs. It writes no statistics: 0."""
    tick, plan = _planned(services, job)
    async with work_transaction(services.database.app) as driver:
        place = await find_tick_place(driver, job)
        newest = await find_newest_tick(driver, tick.name)
    if place is None and tick.origin is RunOrigin.SCHEDULE and newest is not None and newest > tick.slot:
        log.info("a newer slot was taken; skipping this one", name=tick.name, slot=tick.slot.isoformat())
        return 0
    place = place or BEFORE_THE_FIRST
    while page := await _page(services, place.after):
        plans = await _plan_all(services, tick, plan, page)
        for start in range(0, len(plans), SELLERS_AT_ONCE):
            place = await _record_together(services, job, lease, plans[start : start + SELLERS_AT_ONCE], place)
        place = place._replace(after=page[-1].seller_id)
        if len(page) < SELLERS_A_PAGE:
            break
    log.info("tick done", name=tick.name, slot=tick.slot.isoformat(), sellers=place.sellers)
    return 0


def _planned(services: Services, job: ClaimedJob) -> tuple[Tick, Planner]:
    entry = find_entry(services.settings, job.unit["name"])
    if entry is None or entry.plan is None:
        raise RequestRefusedError(f"the schedule has nothing to do for sellers under the name {job.unit['name']!r}")
    slot = datetime.fromisoformat(job.unit["slot"])
    return entry.tick(slot, RunOrigin(job.unit["origin"])), entry.plan


async def _page(services: Services, after: UUID) -> Sequence[SellerConnections]:
    async with across_tenants(services.database.system) as driver:
        return await list_seller_connections(driver, after=after, limit=SELLERS_A_PAGE)


async def _plan_all(
    services: Services, tick: Tick, plan: Planner, page: Sequence[SellerConnections]
) -> Sequence[SellerPlan]:
    """The page's plans; a seller for whom none can be made is left out, and does not hold up those behind it."""
    try:
        return await plan(services, tick, page)
    except Exception as error:
        if classify(error) is not FailureClass.INTERNAL:
            raise
    plans: list[SellerPlan] = []
    for seller in page:
        try:
            plans.extend(await plan(services, tick, [seller]))
        except Exception:
            log.exception("seller skipped in a tick", name=tick.name, seller_id=str(seller.seller_id))
    return plans


async def _record_together(
    services: Services, job: ClaimedJob, lease: Lease, sellers: Sequence[SellerPlan], place: TickPlace
) -> TickPlace:
    """These sellers in one transaction; one by one where that would have to wait for somebody."""
    try:
        return await _record(services, job, lease, sellers, place, longest_wait=TOGETHER_WAIT)
    except LOCKED:
        for seller in sellers:
            place = await _record(services, job, lease, [seller], place)
        return place


async def _record(
    services: Services,
    job: ClaimedJob,
    lease: Lease,
    sellers: Sequence[SellerPlan],
    place: TickPlace,
    *,
    longest_wait: timedelta | None = None,
) -> TickPlace:
    """Everything for these sellers, and that it was done; answers the place behind the last of them."""
    behind = TickPlace(sellers[-1].seller_id, place.sellers + len(sellers))
    async with work_transaction(services.database.app) as driver:
        if longest_wait is not None:
            await limit_lock_waits(driver, longest_wait)
        await lease.fence(driver)
        for run in chain.from_iterable(seller.runs for seller in sellers):
            if await _is_ours(driver, run):
                await record_run(driver, run.request, run.jobs)
        await save_tick_place(driver, job, behind)
    return behind


async def _is_ours(driver: Driver, run: PlannedRun) -> bool:
    return run.round_of is None or await take_tick(driver, *run.round_of, now=clock.now())
