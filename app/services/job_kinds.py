"""The kinds of background work, and how each job is identified. Keys are readable and unique among live jobs."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from app.identifiers import new_id
from app.metrics.levels import Level
from app.queries.jobs import NO_DELAY, NewJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.metrics.ranges import DateRange
    from app.services.job_broker import Priority

MAX_TRIES = 3
# A long range runs as several jobs, so that a tick never waits for a whole backfill.
MAX_DAYS_PER_JOB = 7


class JobKind(StrEnum):
    STRUCTURE = "structure"
    STATS = "stats"
    DELIVERY = "delivery"


class AccountKey(NamedTuple):
    """The ad account that a job works for."""

    seller_id: UUID
    connection_id: UUID


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
    return _account_job(JobKind.STRUCTURE, account, priority=priority, delay=delay)


def delivery_job(account: AccountKey, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Statuses of all three levels."""
    return _account_job(JobKind.DELIVERY, account, priority=priority, delay=delay)


def _account_job(kind: JobKind, account: AccountKey, *, priority: Priority, delay: timedelta) -> NewJob:
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
    )


def stats_job(account: AccountKey, unit: StatsUnit, *, priority: Priority, delay: timedelta = NO_DELAY) -> NewJob:
    """Statistics of one level and at most seven days."""
    seller, connection = account
    return NewJob(
        id=new_id(),
        kind=JobKind.STATS,
        key=f"sync__{seller}__{connection}__{unit.from_date}__{unit.to_date}__{unit.level.name}",
        exclusive_key=f"sync__{seller}__{connection}__{unit.level.name}",
        seller_id=seller,
        connection_id=connection,
        unit=unit.as_json(),
        priority=priority,
        max_tries=MAX_TRIES,
        delay=delay,
    )


def split_days(days: DateRange) -> list[tuple[date, date]]:
    """Pieces of at most seven days, the newest first: what a seller looks at first comes first."""
    pieces: list[tuple[date, date]] = []
    end = days.to_date
    while end >= days.from_date:
        start = max(days.from_date, end - timedelta(days=MAX_DAYS_PER_JOB - 1))
        pieces.append((start, end))
        end = start - timedelta(days=1)
    return pieces
