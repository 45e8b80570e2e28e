"""What every service of a process works with. Opened once, closed once."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from app.auth.hashing_queue import HashingQueue
from app.auth.token_cipher import TokenCipher
from app.database.engine import open_database
from app.providers.meta.calls.page_size import PageSizes
from app.providers.meta.rows.insight_page_reader import InsightPageReader
from app.providers.proxies import open_platform_http
from app.redis.pool import crowd_connections, open_redis
from app.services.conditions.database_clock import DatabaseClock
from app.services.conditions.database_schema import DatabaseSchema
from app.services.following.feeds import SellerFeeds
from app.services.jobs.broker import JobBroker
from app.services.jobs.progress_channel import ProgressChannel
from app.services.jobs.queue_depths import QueueDepths
from app.services.limits.cost_buckets import CostBuckets
from app.services.limits.login_limits import LoginLimits
from app.services.platform.call_budget import CallBudgets
from app.services.platform.token_cache import TokenCache

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from redis.asyncio import Redis

    from app.configuration.settings import Settings
    from app.database.engine import Database

PLATFORM_TIMEOUT = httpx.Timeout(120.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to every service as its first argument."""

    settings: Settings
    database: Database
    clock: DatabaseClock
    schema: DatabaseSchema
    broker: JobBroker
    queue_depths: QueueDepths
    redis: Redis
    http: httpx.AsyncClient
    cipher: TokenCipher
    tokens: TokenCache
    budgets: CallBudgets
    page_sizes: PageSizes
    insight_page_reader: InsightPageReader
    progress: ProgressChannel
    hashing: HashingQueue
    login_limits: LoginLimits
    work_buckets: CostBuckets
    feeds: SellerFeeds


@asynccontextmanager
async def open_services(settings: Settings, *, process: str) -> AsyncGenerator[Services]:
    """The services of one process; nothing is connected before it is used."""
    cipher = TokenCipher.from_settings(settings.token_encryption_keys)
    database = open_database(settings, process=process)
    broker = JobBroker(settings.redis_url, connections=settings.redis_pool_size)
    redis = open_redis(settings)
    progress = ProgressChannel(redis)
    feeds = SellerFeeds(database.app, progress, seconds=settings.membership_check_seconds)
    insight_page_reader = InsightPageReader(beside=settings.reading_process and _cores() > 1)
    async with open_platform_http(settings.meta_graph_url, timeout=PLATFORM_TIMEOUT) as http:
        try:
            yield Services(
                settings=settings,
                database=database,
                clock=DatabaseClock(database, redis, tolerance=timedelta(seconds=settings.clock_tolerance_seconds)),
                schema=DatabaseSchema(database),
                broker=broker,
                queue_depths=QueueDepths(),
                redis=redis,
                http=http,
                cipher=cipher,
                tokens=TokenCache(),
                budgets=CallBudgets(redis),
                page_sizes=PageSizes(),
                insight_page_reader=insight_page_reader,
                progress=progress,
                hashing=HashingQueue(places=settings.login_queue),
                login_limits=LoginLimits(redis, settings),
                work_buckets=CostBuckets(redis, asks_at_once=crowd_connections(settings)),
                feeds=feeds,
            )
        finally:
            await insight_page_reader.close()
            await feeds.close()
            await progress.close()
            await broker.shutdown()
            await redis.aclose()
            await database.close()


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
