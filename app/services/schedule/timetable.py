"""What runs when: the one cron table. How slots are taken and worked off stands elsewhere.

A slot that was missed has nothing to add to a newer one: every entry brings things up to date from wherever they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from app.job_kinds import JobKind
from app.services.days.round import plan_daily
from app.services.jobs.new_jobs import own_job
from app.services.jobs.plans import Tick
from app.services.schedule.account_ticks import (
    plan_day_close,
    plan_delivery,
    plan_restatement,
    plan_stats,
    plan_structure,
)
from app.services.schedule.slots import Slots, daily, every
from app.vocabulary import Priority, RunOrigin

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.configuration.settings import Settings
    from app.queries.jobs.requests import NewJob
    from app.services.jobs.plans import Planner

# Ticks of many accounts are spread over this part of the interval, at most a minute.
SPREAD = 0.2
MAX_SPREAD = timedelta(seconds=60)
# Four weeks of four levels are many calls: those of all accounts are spread over an hour.
RESTATEMENT_SPREAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """Something that is done at every one of its slots: seller by seller as planned, or by one job of its own."""

    name: str
    slots: Slots
    does: str
    plan: Planner | None = None
    own_job: Callable[[], NewJob] | None = None
    spread: timedelta = MAX_SPREAD

    def tick(self, slot: datetime, origin: RunOrigin) -> Tick:
        """One slot of it; what a clock outside, or a person there, asks for is wanted at once."""
        spread = timedelta(0) if origin is RunOrigin.CRON else min(self.slots.every * SPREAD, self.spread)
        return Tick(name=self.name, slot=slot, number=self.slots.number(slot), spread=spread, origin=origin)


def _housekeeping(kind: JobKind) -> NewJob:
    return own_job(kind, key=kind.value, seller_id=None, priority=Priority.SCHEDULED)


def schedule(settings: Settings) -> tuple[ScheduleEntry, ...]:
    """The table, at the intervals of the settings."""
    return (
        ScheduleEntry(
            name="structure",
            slots=every(settings.structure_interval_minutes),
            does="campaigns, ad sets, ads and the account itself, of every account",
            plan=plan_structure,
        ),
        ScheduleEntry(
            name="stats",
            slots=every(settings.stats_interval_minutes),
            does="statistics of the days that still move, of every account",
            plan=plan_stats,
        ),
        ScheduleEntry(
            name="delivery",
            slots=every(settings.delivery_interval_minutes),
            does="statuses, of every account",
            plan=plan_delivery,
        ),
        ScheduleEntry(
            name="daily",
            slots=every(5),
            does="the round of every seller whose newest day is due: ingestion, then aggregation",
            plan=plan_daily,
        ),
        ScheduleEntry(
            name="restatement",
            slots=daily(4),
            does="statistics of the last 28 days, of every account",
            plan=plan_restatement,
            spread=RESTATEMENT_SPREAD,
        ),
        ScheduleEntry(
            name="day_close",
            slots=every(60),
            does="days that are restated no more are closed and scored, of every account",
            plan=plan_day_close,
        ),
        ScheduleEntry(
            name="retention",
            slots=daily(3),
            does="partitions of snapshots are made ahead, and dropped past their age; old leaderboards go",
            own_job=partial(_housekeeping, JobKind.RETENTION),
        ),
        ScheduleEntry(
            name="compaction",
            slots=every(60),
            does="ended jobs and runs beyond the newest become totals",
            own_job=partial(_housekeeping, JobKind.COMPACTION),
        ),
    )


def find_entry(settings: Settings, name: str) -> ScheduleEntry | None:
    """The entry of this name."""
    return next((entry for entry in schedule(settings) if entry.name == name), None)
