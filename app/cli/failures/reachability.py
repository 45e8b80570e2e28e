"""Whether a database and a Redis answer, as one sentence if they don't. No password appears in it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from app.cli.failures.connection_refusal import NO_SESSION, Refusal, find_refusal
from app.cli.failures.database_failure import is_disk_full
from app.cli.failures.failure_reason import reason_of
from app.cli.printing.environment import DATABASE_SETTINGS
from app.database.connecting import open_line
from app.errors import ServerFailedError, SetupError, UnreachableError
from app.redis.health import OK, check_redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from sqlalchemy.engine import URL

CONNECT_SECONDS = 5
ANSWER_SECONDS = 15
_AWAY = "can't be reached"
_SILENT = NO_SESSION._replace(fact="accepts the connection and does not answer")


async def require_servers(environment: Mapping[str, str]) -> None:
    """Raise SetupError for the first server of this environment that `up` can't use, which can run its own instead."""
    for name in DATABASE_SETTINGS:
        await require_database(name, environment[name], embedded="PostgreSQL")
    await require_redis(environment["REDIS_URL"], embedded="Valkey")


async def require_database(setting: str, url: str, *, embedded: str | None = None) -> None:
    """Raise SetupError unless a connection is accepted. `embedded`: what runs if the setting is unset."""
    try:
        target = make_url(url).set(drivername="postgresql+asyncpg")
    except ArgumentError:
        raise SetupError(f"{setting} is not a URL such as postgresql://user:password@host:5432/database.") from None
    engine = open_line(target, timeout=CONNECT_SECONDS)
    deadline = asyncio.timeout(ANSWER_SECONDS)
    try:
        async with deadline, engine.connect():
            pass
    except (OSError, TimeoutError, SQLAlchemyError) as error:
        refusal, reason = find_refusal(error), reason_of(error)
        if deadline.expired():
            refusal, reason = _SILENT, f"within {ANSWER_SECONDS} s"
        elif isinstance(error, TimeoutError) and await _accepts(target):
            refusal, reason = _SILENT, f"within {CONNECT_SECONDS} s"
        where = f"{target.host or 'localhost'}:{target.port or 5432}/{target.database}"
        fact = f"{setting}: the database {where} {refusal.fact if refusal else _AWAY} ({reason})"
        raise UnreachableError(fact, advice=_advice(error, setting, embedded, refusal)) from None
    finally:
        await engine.dispose()


async def _accepts(target: URL) -> bool:
    """Whether a server listens there: a pooler without a session accepts connections, but lets no one log in."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(target.host or "localhost", target.port or 5432)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def answers_soon() -> AsyncGenerator[None]:
    """Raise ServerFailedError if the database, asked within, has not answered in ANSWER_SECONDS."""
    deadline = asyncio.timeout(ANSWER_SECONDS)
    try:
        async with deadline:
            yield
    except (OSError, SQLAlchemyError):
        if not deadline.expired():
            raise
        sentence = f"The database {_SILENT.fact} (within {ANSWER_SECONDS} s); {_SILENT.remedy}."
        raise ServerFailedError(sentence) from None


async def require_redis(url: str, *, embedded: str | None = None) -> None:
    """Raise SetupError unless it accepts a write. `embedded`: what runs if the setting is unset."""
    try:
        client = Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS)  # pyright: ignore[reportUnknownMemberType]  # redis-py's keywords are untyped
    except ValueError:
        raise SetupError("REDIS_URL is not a URL such as redis://:password@host:6379/0.") from None
    try:
        outcome = await check_redis(client)
    except (OSError, TimeoutError, RedisError) as error:
        raise UnreachableError(
            f"REDIS_URL: the server can't be reached ({reason_of(error)})",
            advice=_advice(error, "REDIS_URL", embedded),
        ) from None
    finally:
        with suppress(OSError, RedisError):
            await client.aclose()
    if outcome != OK:
        raise SetupError(f"REDIS_URL: {outcome}")


def _advice(error: BaseException, setting: str, embedded: str | None, refusal: Refusal | None = None) -> str:
    if is_disk_full(error):
        return "free some space on its disk"
    if refusal and refusal.remedy:
        return refusal.remedy
    remedies = [] if refusal else ["start it"]
    remedies.append(f"correct {setting}")
    if embedded is not None:
        remedies.append(f"unset it to use the embedded {embedded}")
    *others, last = remedies
    return f"{', '.join(others)}{',' if len(others) > 1 else ''} or {last}" if others else last
