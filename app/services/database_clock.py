"""The database's clock, which all processes go by: measured at the start and every minute, and whether ours agrees.

Every instant that is stored, or compared with a stored one, comes from `app.clock.now`, and that follows what is read
here. A process on a machine with another clock would still be right; but a clock that is wrong is a machine to be
mended, or a database, so such a process says so and does no work until they agree again.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from app import clock
from app.database.outage import is_outage
from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.observability.prometheus import CLOCK_SKEW
from app.queries.server_time import find_server_time
from app.services.clock_reading import ClockReading, explain, reading_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from redis.asyncio import Redis

    from app.database.engine import Database

log = get_logger(__name__)

EVERY_SECONDS = 60.0
# How soon it is looked again whether a clock that was wrong has been set.
AGAIN_SECONDS = 5.0
# An answer that was longer on its way is asked for again, a few times.
QUICK = timedelta(milliseconds=250)
ATTEMPTS = 3
OK = "ok"
_NOT_MEASURED = "the database's clock was not read yet"
_IN_DOUBT = "the database's clock has jumped; it is read again"


class DatabaseClock:
    """What a process knows of it. Before `kept` begins to measure, our clock is taken to agree."""

    def __init__(self, database: Database, redis: Redis, *, tolerance: timedelta) -> None:
        self._database = database
        self._redis: Any = redis
        self._tolerance = tolerance
        self._ahead = timedelta(0)
        self._trouble: str | None = None
        self._told: timedelta | None = None
        self._agrees, self._differs, self._in_doubt = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._agrees.set()

    @property
    def is_right(self) -> bool:
        """Our clock agrees, as far as is known."""
        return self._trouble is None

    async def until_right(self) -> None:
        """Return as soon as work may be done."""
        await self._agrees.wait()

    async def until_wrong(self) -> None:
        """Return as soon as no work may be done."""
        await self._differs.wait()

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """Measure now and every minute; until the first measurement nothing is taken to agree."""
        self._set(_NOT_MEASURED)
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def check(self) -> str:
        """For health: ok, or what is wrong. Raises what the database says when it is away."""
        if self._trouble == _NOT_MEASURED:
            await self.measure()
        return self._trouble or OK

    async def measure(self) -> None:
        """Read the database's clock, and go by it where ours agrees. Raises what the database says when it is away."""
        database = await self._read_database()
        redis = await self._read_redis()
        CLOCK_SKEW.clear()
        CLOCK_SKEW.labels("DATABASE").set(database.ahead.total_seconds())
        if redis is not None:
            CLOCK_SKEW.labels("REDIS").set(redis.ahead.total_seconds())
        trouble = explain(database, redis, tolerance=self._tolerance)
        if trouble is None or not clock.is_shared():
            # Otherwise one of the two has just been set; jobs in hand end by the time that all had agreed upon.
            clock.follow(database.instant, at=database.at, uncertainty=database.uncertainty)
        self._in_doubt.clear()
        self._ahead = database.ahead
        self._set(trouble)

    def witness(self, instant: datetime, *, asked_at: float) -> bool:
        """Whether what the database calls now, in an answer to what was asked at a moment of the steady clock, can be.

        If not, our clock is in doubt until it has been measured again.
        """
        now, passed = clock.shared_now(), timedelta(seconds=clock.steady() - asked_at)
        if now - passed - self._tolerance <= instant <= now + self._tolerance:
            return True
        self._set(_IN_DOUBT)
        self._in_doubt.set()
        return False

    async def _keep(self) -> None:
        while True:
            try:
                await self.measure()
            except Exception as error:
                if not is_outage(error):  # whoever wants work of the database tells of its absence
                    log.exception("the database's clock can't be read")
            else:
                self._tell()
            pause = EVERY_SECONDS if self.is_right else AGAIN_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._in_doubt.wait(), pause)
            self._in_doubt.clear()

    async def _read_database(self) -> ClockReading:
        """The quickest of a few answers."""
        readings: list[ClockReading] = []
        async with work_transaction(self._database.app) as driver:
            while not readings or (readings[-1].uncertainty > QUICK and len(readings) < ATTEMPTS):
                asked_at = clock.steady()
                readings.append(reading_of(await find_server_time(driver), asked_at=asked_at))
        return min(readings, key=lambda reading: reading.uncertainty)

    async def _read_redis(self) -> ClockReading | None:
        """None where it does not answer: it is only a witness."""
        asked_at = clock.steady()
        try:
            seconds, micros = await self._redis.time()
        except (RedisError, OSError):
            return None
        instant = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        return reading_of(instant, asked_at=asked_at)

    def _set(self, trouble: str | None) -> None:
        self._trouble = trouble
        if trouble is None:
            self._differs.clear()
            self._agrees.set()
        else:
            self._agrees.clear()
            self._differs.set()

    def _tell(self) -> None:
        """When a clock becomes wrong, when it becomes much more or less so, and when it is right again."""
        if self._trouble is None:
            if self._told is not None:
                log.warning("this machine's clock agrees with the database's again; work goes on")
            self._told = None
        elif self._told is None or abs(self._ahead - self._told) > self._tolerance:
            ahead = round(self._ahead.total_seconds(), 3)
            log.error("no work is done until the clocks agree", reason=self._trouble, ahead_seconds=ahead)
            self._told = self._ahead
