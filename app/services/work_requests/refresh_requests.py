"""Asking for a refresh of totals: many requests within a while make one job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.identifiers import new_id
from app.queries.jobs.requests import insert_jobs
from app.queries.jobs.runs import NewRun, insert_run
from app.services.jobs.new_jobs import refresh_job
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services


async def request_refresh(driver: Driver, services: Services, *, seller_id: UUID) -> None:
    """Let a seller's totals be refreshed after ROLLUP_DELAY_SECONDS, in the caller's transaction.

    A refresh that waits already is enough: it can't begin before this transaction has ended, so it sees what it wrote.
    """
    now, run_id = clock.now(), new_id()
    job = refresh_job(seller_id, delay=timedelta(seconds=services.settings.rollup_delay_seconds))
    (enqueued,) = await insert_jobs(driver, [job], run_id=run_id, now=now)
    if enqueued.deduplicated:
        return
    run = NewRun(id=run_id, seller_id=seller_id, origin=RunOrigin.SYSTEM, reason="numbers changed")
    await insert_run(driver, run, [enqueued.job_id], now=now)
