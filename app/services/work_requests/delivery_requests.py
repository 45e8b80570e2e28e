"""Asking for an account's delivery right after a change of ours: many changes within a moment make one poll."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.queries.jobs.requests import insert_jobs
from app.queries.jobs.runs import NewRun, insert_run
from app.services.jobs.new_jobs import changed_delivery_job
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from app.services.context import Services
    from app.services.jobs.new_jobs import AccountKey

# What is changed one by one is polled together, and the platform has told all levels of the change by then.
POLL_AFTER = timedelta(seconds=2)


async def request_poll(services: Services, account: AccountKey) -> None:
    """Let statuses and delivery of the account be polled. A poll that waits already is enough, one that runs is not."""
    now, run_id = clock.now(), new_id()
    job = changed_delivery_job(account, delay=POLL_AFTER)
    async with tenant_transaction(services.database.app, account.seller_id) as driver:
        (enqueued,) = await insert_jobs(driver, [job], run_id=run_id, now=now)
        if enqueued.deduplicated:
            return
        run = NewRun(id=run_id, seller_id=account.seller_id, origin=RunOrigin.SYSTEM, reason="statuses were changed")
        await insert_run(driver, run, [enqueued.job_id], now=now)
