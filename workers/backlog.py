"""How much work waits, what holds it back, and when the schedule last moved, as the database knows it.

It is the same in every process that answers for it, so a query over several takes one of them (`max`). It changes
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.errors import ThrottleScope
from app.observability.measuring import Reading
from app.observability.prometheus import LAST_TICK, LIVE_JOBS, OUTDATED, PAUSES, QUEUE_AGE, QUEUE_DEPTH, TICK_INTERVAL
from app.queries.jobs.dispatch import queue_depth
from app.queries.jobs.failing_work import count_outdated
from app.queries.jobs.gauges import count_live_jobs, count_pauses
from app.queries.schedule.ticks import list_newest_ticks
from app.services.schedule.timetable import schedule
from app.vocabulary import Priority, SyncSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from app.services.context import Services

GAUGES = (QUEUE_DEPTH, QUEUE_AGE, LIVE_JOBS, PAUSES, OUTDATED, LAST_TICK, TICK_INTERVAL)


async def measure_backlog(services: Services) -> Sequence[Reading]:
    """Raises what the database says when it is away."""
    entries = schedule(services.settings)
    async with work_transaction(services.database.app) as driver:
        waiting = await queue_depth(driver)
        live = await count_live_jobs(driver)
        pauses = await count_pauses(driver)
        outdated = await count_outdated(driver)
        ticks = await list_newest_ticks(driver, [entry.name for entry in entries])
    return [
        *_queue(waiting),
        *(Reading(LIVE_JOBS, (state.value, kind), jobs) for state, kind, jobs in live),
        *(Reading(PAUSES, (scope.value,), pauses.get(scope, 0)) for scope in ThrottleScope),
        *(Reading(OUTDATED, (source.value,), outdated.get(source, 0)) for source in SyncSource),
        *(Reading(LAST_TICK, (name,), taken_at.timestamp()) for name, taken_at in ticks.items()),
        *(Reading(TICK_INTERVAL, (entry.name,), entry.slots.every.total_seconds()) for entry in entries),
    ]


def _queue(waiting: Mapping[int, tuple[int, float]]) -> Iterator[Reading]:
    for priority in Priority:
        jobs, age = waiting.get(priority, (0, 0.0))
        yield Reading(QUEUE_DEPTH, (priority.name,), jobs)
        yield Reading(QUEUE_AGE, (priority.name,), age)
