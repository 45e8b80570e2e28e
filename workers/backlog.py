"""How much work waits and when the schedule last moved, as the database knows it: measured when somebody scrapes.

It is the same in every worker, so a query over several takes one of them (`max`). It changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.observability.prometheus import LAST_TICK, QUEUE_AGE, QUEUE_DEPTH
from app.queries.job_dispatch import queue_depth
from app.queries.ticks import list_newest_ticks
from app.services.job_broker import Priority
from app.services.schedule import schedule

if TYPE_CHECKING:
    from app.services.context import Services


async def measure_backlog(services: Services) -> None:
    """Set the gauges. Raises what the database says when it is away; they have no value then: an old one misleads."""
    for gauge in (QUEUE_DEPTH, QUEUE_AGE, LAST_TICK):
        gauge.clear()
    async with work_transaction(services.database.app) as driver:
        waiting = await queue_depth(driver)
        ticks = await list_newest_ticks(driver, [entry.name for entry in schedule(services.settings)])
    for priority in Priority:
        jobs, age = waiting.get(priority, (0, 0.0))
        QUEUE_DEPTH.labels(priority.name).set(jobs)
        QUEUE_AGE.labels(priority.name).set(age)
    for name, taken_at in ticks.items():
        LAST_TICK.labels(name).set(taken_at.timestamp())
