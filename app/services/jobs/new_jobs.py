"""Jobs of each kind, as they are enqueued, and how they are identified. Keys are readable and unique among live jobs.

`app.job_kinds` has the table of kinds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from app.identifiers import new_id
from app.job_kinds import KINDS, JobKind
from app.metrics.levels import Level
from app.queries.jobs.requests import NO_DELAY, NewJob
from app.services.platform.call_budget import AFTER_CHANGE
from app.services.platform.throttle_scopes import pause_scopes
from app.vocabulary import Priority, ProviderKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.metrics.ranges import DateRange

MAX_TRIES = 3
# A long range runs as several jobs, so that a tick never waits for a whole backfill.
MAX_DAYS_PER_JOB = 7


class AccountKey(NamedTuple):
    """The ad account or page that a job works for, and who answers for it."""

    seller_id: UUID
    connection_id: UUID
    provider: ProviderKind = ProviderKind.META


class StatsUnit(NamedTuple):
    """The unit of a stats job: one level of one account over days, both included."""

    level: Level
    from_date: date
    to_date: date

    def as_json(self) -> Mapping[str, object]:
        return {"level": self.level.name, "from": self.from_date.isoformat(), "to": self.to_date.isoformat()}

    @classmethod
    def from_json(cls, unit: Mapping[str, str]) -> Self:
        return cls(Level[unit["level"]], date.fromisoformat(unit["from"]), date.fromisoformat(unit["to"]))


def structure_job(account: AccountKey, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Campaigns, ad sets, ads and the account itself."""
    return connection_job(JobKind.STRUCTURE, account, priority=priority, delay=delay)


def delivery_job(account: AccountKey, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Statuses of all three levels."""
    return connection_job(JobKind.DELIVERY, account, priority=priority, delay=delay)


def changed_delivery_job(account: AccountKey, *, delay: timedelta) -> NewJob:
    """The same after a change of ours: many requests, one job, which reads what was changed before it began."""
    job = delivery_job(account, priority=Priority.MANUAL, delay=delay)
    return replace(job, key=f"{job.key}__changed", coalesces=True, unit={AFTER_CHANGE: True})


def stats_job(account: AccountKey, unit: StatsUnit, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Statistics of one level and at most seven days."""
    return insights_job(JobKind.STATS, account, unit, priority=priority, delay=delay)


def restatement_job(account: AccountKey, unit: StatsUnit, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """The same over days that the platform may have restated."""
    return insights_job(JobKind.RESTATEMENT, account, unit, priority=priority, delay=delay)


def ingestion_job(account: AccountKey, unit: StatsUnit, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """One complete day of one level."""
    return insights_job(JobKind.INGESTION, account, unit, priority=priority, delay=delay)


def page_ingestion_job(page: AccountKey, day: date, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """One day of a page's metrics, and its posts."""
    seller, connection, _ = page
    job = connection_job(JobKind.PAGE_INGESTION, page, priority=priority, delay=delay)
    return replace(
        job, key=f"{_verb(JobKind.PAGE_INGESTION)}__{seller}__{connection}__{day}__PAGE", unit={"day": day.isoformat()}
    )


def page_backfill_job(page: AccountKey, days: DateRange, *, priority: Priority) -> NewJob:
    """The history of a page, which the platform answers by whole ranges, and its posts."""
    seller, connection, _ = page
    job = connection_job(JobKind.PAGE_INGESTION, page, priority=priority, delay=NO_DELAY)
    return replace(
        job,
        key=f"{_verb(JobKind.PAGE_INGESTION)}__{seller}__{connection}__{days.from_date}__{days.to_date}__PAGE",
        unit={"from": days.from_date.isoformat(), "to": days.to_date.isoformat()},
    )


def day_close_job(account: AccountKey, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Every day of an account that is restated no more and is not closed yet."""
    return connection_job(JobKind.DAY_CLOSE, account, priority=priority, delay=delay)


def aggregation_job(seller_id: UUID, day: date, *, priority: Priority) -> NewJob:
    """A seller's day, after all other jobs of its run."""
    key = f"{_verb(JobKind.AGGREGATION)}__{seller_id}__{day}"
    job = own_job(JobKind.AGGREGATION, key=key, seller_id=seller_id, unit={"day": day.isoformat()}, priority=priority)
    return replace(job, is_last=True)


def refresh_job(seller_id: UUID, *, delay: timedelta) -> NewJob:
    """A seller's totals of the days that changed: many requests, one job."""
    job = own_job(JobKind.REFRESH, key=f"refresh__{seller_id}", seller_id=seller_id, priority=Priority.SCHEDULED)
    return replace(job, coalesces=True, delay=delay)


def own_job(
    kind: JobKind,
    *,
    key: str,
    seller_id: UUID | None,
    unit: Mapping[str, object] | None = None,
    priority: Priority,
) -> NewJob:
    """Work on what is stored, which calls no platform; never two of one key at once."""
    return NewJob(
        id=new_id(),
        kind=kind,
        key=key,
        exclusive_key=key,
        seller_id=seller_id,
        connection_id=None,
        unit=unit or {},
        priority=priority,
        max_tries=MAX_TRIES,
    )


def connection_job(kind: JobKind, account: AccountKey, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Work on an ad account or page, under the quota of the kind; never two of one kind and account at once."""
    use_case = KINDS[kind].use_case
    key = f"{kind}__{account.seller_id}__{account.connection_id}"
    return NewJob(
        id=new_id(),
        kind=kind,
        key=key,
        exclusive_key=key,
        seller_id=account.seller_id,
        connection_id=account.connection_id,
        priority=priority,
        max_tries=MAX_TRIES,
        delay=delay,
        use_case=use_case,
        pause_scopes=pause_scopes(account.connection_id, use_case, provider=account.provider) if use_case else (),
    )


def insights_job(
    kind: JobKind, account: AccountKey, unit: StatsUnit, *, priority: Priority, delay: timedelta = NO_DELAY
) -> NewJob:
    """Work that fetches insights of one account and level; never two of them at once, of whatever kind."""
    seller, connection, _ = account
    job = connection_job(kind, account, priority=priority, delay=delay)
    return replace(
        job,
        key=f"{_verb(kind)}__{seller}__{connection}__{unit.from_date}__{unit.to_date}__{unit.level.name}",
        exclusive_key=f"sync__{seller}__{connection}__{unit.level.name}",
        unit=unit.as_json(),
    )


def _verb(kind: JobKind) -> str:
    return KINDS[kind].verb or kind


def split_days(days: DateRange) -> list[tuple[date, date]]:
    """Pieces of at most seven days, the newest first: what a seller looks at first comes first."""
    pieces: list[tuple[date, date]] = []
    end = days.to_date
    while end >= days.from_date:
        start = max(days.from_date, end - timedelta(days=MAX_DAYS_PER_JOB - 1))
        pieces.append((start, end))
        end = start - timedelta(days=1)
    return pieces
