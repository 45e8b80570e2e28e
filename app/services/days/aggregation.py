"""Aggregating a seller's day once its ingestion has ended: totals, provisional leaderboards, and who is missing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import RequestRefusedError
from app.observability.logging import get_logger
from app.queries.days.daily_aggregations import list_outcomes, write_aggregation
from app.services.days.leaderboards import rank_day
from app.services.days.totals_refresh import refresh_totals

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)


async def run_aggregation_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of aggregation jobs: one transaction, harmless when done again; answers how many rows changed."""
    if job.seller_id is None:
        raise RequestRefusedError("an aggregation is of a seller")
    day = date.fromisoformat(job.unit["day"])
    async with tenant_transaction(services.database.app, job.seller_id) as driver:
        await lease.fence(driver)
        written = await refresh_totals(driver, job.seller_id, [day])
        written += await rank_day(driver, services, seller_id=job.seller_id, day=day)
        outcomes = await list_outcomes(driver, job.seller_id, day)
        await write_aggregation(driver, job.seller_id, day, outcomes, now=clock.now())
    missing = [outcome for outcome in outcomes if outcome.missing is not None]
    log.info("day aggregated", date=str(day), connections=len(outcomes), missing=len(missing))
    return written + 1
