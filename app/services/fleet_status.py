"""Whether background work is healthy, for operators: runs in progress, failures, connections that are behind, and why.

For one seller or for all. Long lists are truncated, with their full length. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from redis.exceptions import RedisError

from app import clock
from app.database.revision import check_revision
from app.database.transactions import across_tenants, read_snapshot, work_transaction
from app.observability.disk_space import DiskSpace, measure_disk
from app.providers.meta.calls.version_upgrade import upgrade_sentence
from app.queries.across_tenants import list_sellers
from app.queries.connections.connections import list_accounts, list_pages
from app.queries.jobs.dispatch import queue_depth
from app.queries.jobs.failing_work import list_outdated
from app.queries.jobs.fleet_status import (
    is_anything_running,
    list_candidates,
    list_failed_work,
    list_gaps,
    list_going_runs,
    list_held_back,
)
from app.queries.schedule.ticks import list_newest_ticks
from app.queries.warnings.version_upgrades import find_version_upgrade
from app.redis.health import check_redis
from app.services.conditions.database_schema import OK
from app.services.days.future_rows import look_for_future
from app.services.jobs.run_progress import load_run_progress
from app.services.named_seller import get_seller
from app.services.platform.call_budget import OWN_LIMIT
from app.services.platform.quota_pauses import NEARLY_USED_UP_REASON
from app.services.platform.refusal import refusal_of
from app.services.platform.throttle_scopes import PauseScope
from app.services.reads.freshness import FRESH_INTERVALS, REFUSALS, load_accounts_freshness
from app.services.schedule.timetable import schedule
from app.vocabulary import ConnectionHealth, Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.queries.connections.connections import Connection
    from app.queries.jobs.failing_work import OutdatedWork
    from app.queries.jobs.fleet_status import FailedWork, Gap, GoingRun, HeldBack
    from app.queries.warnings.version_upgrades import VersionUpgrade
    from app.services.context import Services
    from app.services.days.future_rows import FutureFinding
    from app.services.jobs.run_progress import RunProgress
    from app.services.reads.freshness import AccountFreshness, AccountsFreshness
    from app.vocabulary import FreshnessReason, FreshnessState

FAILURES_WITHIN = timedelta(hours=24)
NAMED = 20
SELLERS_LOOKED_AT = 100
# If a job is due for longer without any work done, or the schedule is later than this, a process is gone.
_GRACE = timedelta(minutes=1)


class RunStatus(NamedTuple):
    """A run that goes on; `progress` is None for the schedule's own."""

    seller: str | None
    run: GoingRun
    progress: RunProgress | None


class FailureStatus(NamedTuple):
    """What failed, and the names of its seller and connection."""

    seller: str | None
    connection: str | None
    failed: FailedWork


class ConnectionStatus(NamedTuple):
    """A connection that something is wrong with.

    `refusal` is why the platform refuses it, if it does. `state` is how fresh its numbers are, None for a page, and
    `reason` why they are not fresh. `until`: when it recovers by itself, if that is known.
    """

    seller: str
    connection: Connection
    refusal: FreshnessReason | None
    state: FreshnessState | None
    reason: FreshnessReason | None
    detail: str | None
    since: datetime | None
    until: datetime | None

    @property
    def trouble(self) -> FreshnessReason | None:
        """What is wrong with it; a refusal first."""
        return self.refusal or self.reason


class HeldBackStatus(NamedTuple):
    """Calls that are held back, with the names of their seller and connection; both None for the whole app."""

    seller: str | None
    connection: str | None
    held_back: HeldBack

    @property
    def scope(self) -> PauseScope:
        """Which calls of theirs."""
        return PauseScope.parse(self.held_back.scope)

    @property
    def is_caution(self) -> bool:
        """Background work waits near the end of the platform's quota; what a person asks for does not."""
        return NEARLY_USED_UP_REASON in self.held_back.reason

    @property
    def is_platforms(self) -> bool:
        """The platform wants the pause, and nothing is requested before its end, at any priority."""
        return not (self.held_back.by_own_limit or self.is_caution)


class GapStatus(NamedTuple):
    """What a connection is read without, whose it is, and the connection's name."""

    seller: str | None
    connection: str | None
    gap: Gap


class QueueStatus(NamedTuple):
    """Jobs of one urgency that are due, and for how long the oldest has been."""

    priority: Priority
    jobs: int
    age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStatus:
    """Everything as of `read_at`. `sellers_left`: more sellers have trouble and were not looked at.

    `outdated` is what the platform refuses to this installation, for any account, and `upgrade` the version
    that it answers in instead of the asked one.
    `schema`, `clock` and `redis` are ok, or why no work is done. `gaps` are the platform's, and need no action here.
    """

    read_at: datetime
    seller: str | None
    runs: tuple[RunStatus, ...]
    failures: tuple[FailureStatus, ...]
    connections: tuple[ConnectionStatus, ...]
    held_back: tuple[HeldBackStatus, ...]
    queues: tuple[QueueStatus, ...]
    is_working: bool
    ticked_at: datetime | None
    tick_is_late: bool
    sellers_left: bool
    future: tuple[FutureFinding, ...] = ()
    disk: DiskSpace | None = None
    schema: str = OK
    clock: str = OK
    redis: str = OK
    gaps: tuple[GapStatus, ...] = ()
    outdated: tuple[OutdatedWork, ...] = ()
    upgrade: VersionUpgrade | None = None

    @property
    def gaps_total(self) -> int:
        return self.gaps[0].gap.total if self.gaps else 0

    @property
    def runs_total(self) -> int:
        return self.runs[0].run.total if self.runs else 0

    @property
    def failures_total(self) -> int:
        return self.failures[0].failed.total if self.failures else 0

    @property
    def open_failures(self) -> tuple[FailureStatus, ...]:
        """Those after which the same work has not succeeded."""
        return tuple(each for each in self.failures if not each.failed.recovered)

    @property
    def is_worker_missing(self) -> bool:
        """Jobs are due, but no worker is running any."""
        return not self.is_working and any(queue.age > _GRACE for queue in self.queues)

    @property
    def is_well(self) -> bool:
        in_trouble = self.open_failures or self.connections
        stands_still = self.is_worker_missing or self.tick_is_late or self.obstacles
        return not (in_trouble or stands_still or self.future or self.is_disk_low or self.outdated or self.upgrade)

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why workers and schedulers of this release, on this machine, do no work until somebody acts."""
        return tuple(each for each in (self.schema, self.clock, self.redis) if each != OK)

    @property
    def is_disk_low(self) -> bool:
        """Whether the disk that holds DATA_DIRECTORY is low on space."""
        return self.disk is not None and self.disk.is_low


class _Sellers(NamedTuple):
    slugs: Mapping[UUID, str]
    only: UUID | None


async def read_fleet_status(services: Services, *, seller_slug: str | None) -> FleetStatus:
    """Raises NotFoundError for no seller."""
    sellers = await _find_sellers(services, seller_slug)
    now = clock.now()
    upgraded = upgrade_sentence(services.settings.meta_api_version)
    async with work_transaction(services.database.app) as driver:
        runs = await list_going_runs(driver, seller_id=sellers.only, limit=NAMED)
        failed = await list_failed_work(driver, seller_id=sellers.only, since=now - FAILURES_WITHIN, limit=NAMED)
        outdated = await list_outdated(driver, limit=NAMED)
        gaps = await list_gaps(driver, seller_id=sellers.only, limit=NAMED, without=upgraded)
        upgrade = await find_version_upgrade(driver, begins=upgraded)
        held_back = await list_held_back(
            driver,
            seller_id=sellers.only,
            limit=SELLERS_LOOKED_AT,
            own_limit=OWN_LIMIT,
            own_caution=NEARLY_USED_UP_REASON,
        )
        depth = await queue_depth(driver)
        is_working = await is_anything_running(driver)
        ticks = await list_newest_ticks(driver, [entry.name for entry in schedule(services.settings)])
    looked_at, left = await _choose_sellers(services, sellers, held_back, now)
    named = {seller for each in [*failed, *gaps] if (seller := each.seller_id) in sellers.slugs and seller is not None}
    known = {seller_id: await _look_at(services, seller_id, now) for seller_id in dict.fromkeys([*looked_at, *named])}
    names = {connection.id: connection.name for connections, _ in known.values() for connection in connections}

    def whose(found: FailedWork | HeldBack | Gap) -> tuple[str | None, str | None]:
        """The seller's slug and the connection's name, of those that are known."""
        return (
            sellers.slugs.get(found.seller_id) if found.seller_id else None,
            names.get(found.connection_id) if found.connection_id else None,
        )

    return FleetStatus(
        read_at=now,
        seller=seller_slug,
        runs=tuple([await _run_status(services, sellers, run) for run in runs]),
        failures=tuple([FailureStatus(*whose(each), each) for each in failed]),
        connections=tuple(
            status for seller_id in looked_at for status in _troubles(sellers.slugs[seller_id], *known[seller_id])
        ),
        held_back=tuple([HeldBackStatus(*whose(each), each) for each in held_back]),
        queues=tuple(
            QueueStatus(priority, jobs, timedelta(seconds=age))
            for priority in Priority
            for jobs, age in (depth.get(priority, (0, 0.0)),)
        ),
        is_working=is_working,
        ticked_at=max(ticks.values(), default=None),
        tick_is_late=services.settings.schedule and _is_late(services, ticks, now),
        sellers_left=left,
        future=tuple(await look_for_future(services, seller_slug=seller_slug)),
        disk=_look_at_disk(services),
        schema=await check_revision(services.database.app),
        clock=await services.clock.check(),
        redis=await _look_at_redis(services),
        gaps=tuple(GapStatus(*whose(each), each) for each in gaps),
        outdated=tuple(outdated),
        upgrade=upgrade,
    )


async def _find_sellers(services: Services, slug: str | None) -> _Sellers:
    async with across_tenants(services.database.system) as driver:
        if slug is None:
            return _Sellers({seller.seller_id: seller.slug for seller in await list_sellers(driver)}, None)
        seller = await get_seller(driver, slug=slug)
    return _Sellers({seller.seller_id: seller.slug}, seller.seller_id)


async def _choose_sellers(
    services: Services, sellers: _Sellers, held_back: Sequence[HeldBack], now: datetime
) -> tuple[list[UUID], bool]:
    """Whose connections are worth a look, and whether there are more."""
    if sellers.only is not None:
        return [sellers.only], False
    fresh_for = timedelta(minutes=services.settings.stats_interval_minutes) * FRESH_INTERVALS
    async with across_tenants(services.database.system) as driver:
        found = await list_candidates(driver, now=now, fresh_for=fresh_for, limit=SELLERS_LOOKED_AT + 1)
    throttled = [each.seller_id for each in held_back if each.seller_id is not None]
    chosen = [seller_id for seller_id in dict.fromkeys([*throttled, *found]) if seller_id in sellers.slugs]
    return chosen[:SELLERS_LOOKED_AT], len(chosen) > SELLERS_LOOKED_AT


async def _look_at(services: Services, seller_id: UUID, now: datetime) -> tuple[list[Connection], AccountsFreshness]:
    interval = timedelta(minutes=services.settings.stats_interval_minutes)
    async with read_snapshot(services.database.app, seller_id) as driver:
        accounts = await list_accounts(driver, seller_id=seller_id)
        pages = await list_pages(driver, seller_id=seller_id)
        freshness = await load_accounts_freshness(driver, seller_id, now=now, interval=interval)
    return [*accounts, *pages], freshness


def _troubles(
    seller: str, connections: Sequence[Connection], freshness: AccountsFreshness
) -> Iterator[ConnectionStatus]:
    """A connection that the platform refuses is in trouble however fresh its numbers are.

    One for which it refuses the version, the app or a field is not: that is a matter of the installation.
    """
    for connection in connections:
        if not connection.is_active:
            continue
        reading = freshness.of_account(connection.id)
        refusal = reading.refusal if reading else _refusal_of_page(connection)
        if refusal is None and (reading is None or reading.reason is None or _is_everybodys(reading)):
            continue
        yield ConnectionStatus(
            seller=seller,
            connection=connection,
            refusal=refusal,
            state=reading.state if reading else None,
            reason=reading.reason if reading else None,
            detail=reading.failure.reason if reading and reading.failure else connection.health_reason,
            since=_since(connection, reading),
            until=reading.expected_by if reading and refusal is None else None,
        )


def _is_everybodys(reading: AccountFreshness) -> bool:
    """The platform has dropped what is asked of it, which is told once and not for each account."""
    return reading.failure is not None and reading.failure.is_outdated


def _since(connection: Connection, reading: AccountFreshness | None) -> datetime | None:
    if connection.health is not ConnectionHealth.HEALTHY:
        return connection.health_changed_at
    return reading.since if reading else None


def _refusal_of_page(page: Connection) -> FreshnessReason | None:
    refusal = refusal_of(page.trouble, is_healthy=page.health is ConnectionHealth.HEALTHY)
    return None if refusal is None else REFUSALS[refusal]


async def _run_status(services: Services, sellers: _Sellers, run: GoingRun) -> RunStatus:
    if run.seller_id is None:
        return RunStatus(None, run, None)
    async with read_snapshot(services.database.app, run.seller_id) as driver:
        [progress] = await load_run_progress(driver, run.seller_id, [run.id])
    return RunStatus(sellers.slugs.get(run.seller_id), run, progress)


async def _look_at_redis(services: Services) -> str:
    try:
        return await check_redis(services.redis)
    except (OSError, RedisError) as error:
        return f"Redis does not answer ({type(error).__name__})"


def _look_at_disk(services: Services) -> DiskSpace | None:
    """None if DATA_DIRECTORY is not set or does not exist."""
    directory = services.settings.data_directory
    return measure_disk(directory) if directory is not None and directory.is_dir() else None


def _is_late(services: Services, ticks: Mapping[str, datetime], now: datetime) -> bool:
    """The quickest entry of the schedule was not taken when its slot came."""
    quickest = min(schedule(services.settings), key=lambda entry: entry.slots.every)
    taken_at = ticks.get(quickest.name)
    return taken_at is None or taken_at < quickest.slots.newest(now - _GRACE)
