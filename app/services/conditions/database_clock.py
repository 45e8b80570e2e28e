"""The database's clock, which all processes follow: read at start and every minute, and compared with ours.

Every time that is stored, or compared with a stored one, comes from `app.clock.now`, which follows the readings made
here. So a process on a machine with a wrong clock would still store correct times. But a wrong clock means that the
machine, or the database, needs attention, so the process reports it and does no work until they agree again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from app import clock
from app.database.deadline import until_deadline
from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.observability.prometheus import CLOCK_SKEW
from app.queries.server_time import find_server_time
from app.services.conditions.clock_reading import ClockReading, explain, reading_of
from app.services.conditions.condition import OK, WorkCondition

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.database.engine import Database

log = get_logger(__name__)

EVERY_SECONDS = 60.0
# Seconds between readings while the clocks differ.
AGAIN_SECONDS = 5.0
# Time for a few readings.
READING_SECONDS = 10.0
# A reading with more uncertainty is repeated, up to ATTEMPTS in all.
QUICK = timedelta(milliseconds=250)
ATTEMPTS = 3
_IN_DOUBT = "the database's clock has jumped; reading it again"


class DatabaseClock(WorkCondition):
    """Right while our clock agrees with it."""

    not_measured = "the database's clock has not been read yet"
    unreadable = "the database's clock can't be read"

    def __init__(self, database: Database, redis: Redis, *, tolerance: timedelta) -> None:
        super().__init__()
        self._database = database
        self._redis: Any = redis
        self._tolerance = tolerance
        self._ahead = timedelta(0)
        self._told: timedelta | None = None
        self._in_doubt = asyncio.Event()

    async def check(self) -> str:
        """For health checks: ok, or what is wrong. Raises the driver's error if the database is away."""
        if self._trouble == self.not_measured:
            await self.measure()
        return self._trouble or OK

    async def measure(self) -> None:
        """Read the database's clock, and follow it if ours agrees. Raises the driver's error if it is away."""
        database = await self._read_database()
        redis = await self._read_redis()
        CLOCK_SKEW.clear()
        CLOCK_SKEW.labels("DATABASE").set(database.ahead.total_seconds())
        if redis is not None:
            CLOCK_SKEW.labels("REDIS").set(redis.ahead.total_seconds())
        trouble = explain(database, redis, tolerance=self._tolerance)
        if trouble is None or not clock.is_shared():
            # Otherwise one of the two has just been set; running jobs end by the time agreed before.
            clock.follow(database.instant, at=database.at, uncertainty=database.uncertainty)
        self._in_doubt.clear()
        self._ahead = database.ahead
        self._set(trouble)

    def witness(self, instant: datetime, *, asked_at: float) -> bool:
        """Whether `instant`, which the database returned as now for a question asked at `asked_at`, is plausible.

        If not, our clock is in doubt until it has been measured again.
        """
        now, passed = clock.shared_now(), timedelta(seconds=clock.steady() - asked_at)
        if now - passed - self._tolerance <= instant <= now + self._tolerance:
            return True
        self._set(_IN_DOUBT)
        self._in_doubt.set()
        return False

    async def _pause(self) -> None:
        seconds = EVERY_SECONDS if self.is_right else AGAIN_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._in_doubt.wait()
        self._in_doubt.clear()

    async def _read_database(self) -> ClockReading:
        """The fastest of a few readings."""
        readings: list[ClockReading] = []
        async with until_deadline(READING_SECONDS), work_transaction(self._database.app) as driver:
            while not readings or (readings[-1].uncertainty > QUICK and len(readings) < ATTEMPTS):
                asked_at = clock.steady()
                readings.append(reading_of(await find_server_time(driver), asked_at=asked_at))
        return min(readings, key=lambda reading: reading.uncertainty)

    async def _read_redis(self) -> ClockReading | None:
        """None if Redis does not answer: its clock is only a witness."""
        asked_at = clock.steady()
        try:
            seconds, micros = await self._redis.time()
        except (RedisError, OSError):
            return None
        instant = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        return reading_of(instant, asked_at=asked_at)

    def _tell(self) -> None:
        """Log when the clock becomes wrong, when the difference changes a lot, and when it is right again."""
        if self._trouble is None:
            if self._told is not None:
                log.warning("this machine's clock agrees with the database's again; work resumes")
            self._told = None
        elif self._told is None or abs(self._ahead - self._told) > self._tolerance:
            ahead = round(self._ahead.total_seconds(), 3)
            log.error("no work until the clocks agree", reason=self._trouble, ahead_seconds=ahead)
            self._told = self._ahead
