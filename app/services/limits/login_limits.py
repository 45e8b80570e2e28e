"""Limits on login tries: per account, per client address, and per account and address together.

An account is the digest of an e-mail address, whether or not it exists, so its limits reveal nothing. An address that
has logged in to an account recently is not limited by what others try on that account (decision 14). Tries are counted
in Redis; while it is away, each process counts for itself and logs one warning.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.services.limits.process_tries import ProcessTries
from app.services.limits.redis_absence import RedisAbsence
from app.services.limits.redis_tries import RedisTries
from app.services.limits.try_rules import FORGIVEN, Subject, TryRules

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.configuration.settings import Settings
    from app.services.limits.try_rules import TryRefused

__all__ = ["LoginAttempt", "LoginLimits"]

KNOWN_SECONDS = 30 * 24 * 3600
_AN_HOUR = 3600


class LoginAttempt(NamedTuple):
    """The account (its digest) and the client address of a try."""

    account: bytes
    address: str


class LoginLimits:
    """The limits that all processes share."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        rules = TryRules(
            window=settings.login_window_seconds,
            pause=settings.login_pause_seconds,
            longest_pause=settings.login_longest_pause_seconds,
        )
        self._settings = settings
        self._redis = redis
        self._absence = RedisAbsence("login limits are local to this process until redis answers again")
        self._shared = RedisTries(redis, rules)
        self._own = ProcessTries(rules)
        self._own_rows: dict[str, int] = {}

    async def take(self, attempt: LoginAttempt) -> TryRefused | None:
        """Count a try before any work is done for it. If the address has no tries left, no account is counted."""
        return await self._take([self._address(attempt)]) or await self._take(await self._account(attempt))

    async def give_back(self, attempt: LoginAttempt) -> None:
        """Undo the try, because the password was not checked."""
        await self._give_back(attempt, 1.0)

    async def forgive(self, attempt: LoginAttempt) -> None:
        """Give back most of the try, because the password was right, and remember the address as known."""
        await self._give_back(attempt, FORGIVEN)
        await self._absence.ask(
            lambda: self._redis.set(_known(attempt), 1, ex=KNOWN_SECONDS),
            otherwise=_nothing,
        )

    async def may_write(self, sort: str) -> bool:
        """Count one more row of this sort; False if that exceeds LOGIN_EVENTS_PER_HOUR."""
        hour = f"pixecom:logins:rows:{sort}:{clock.now():%Y%m%d%H}"
        written = await self._absence.ask(lambda: self._count_row(hour), otherwise=lambda: self._count_own_row(hour))
        return written <= self._settings.login_events_per_hour

    async def _count_row(self, hour: str) -> int:
        written = await self._redis.incr(hour)
        await self._redis.expire(hour, _AN_HOUR)
        return written

    async def _count_own_row(self, hour: str) -> int:
        written = self._own_rows.get(hour, 0) + 1
        sort = hour.rpartition(":")[0]
        self._own_rows = {key: rows for key, rows in self._own_rows.items() if not key.startswith(sort)}
        self._own_rows[hour] = written
        return written

    async def _take(self, subjects: list[Subject]) -> TryRefused | None:
        return await self._absence.ask(
            lambda: self._shared.take(subjects),
            otherwise=lambda: self._own.take(subjects),
        )

    async def _give_back(self, attempt: LoginAttempt, part: float) -> None:
        for subjects in ([self._address(attempt)], await self._account(attempt)):
            await self._absence.ask(
                lambda subjects=subjects: self._shared.give_back(subjects, part),
                otherwise=lambda subjects=subjects: self._own.give_back(subjects, part),
            )

    def _address(self, attempt: LoginAttempt) -> Subject:
        return Subject(f"pixecom:logins:address:{_digest(attempt.address)}", self._settings.login_tries_per_address)

    async def _account(self, attempt: LoginAttempt) -> list[Subject]:
        """The account from this address and, if the address is unknown to it, from all unknown addresses."""
        here = Subject(f"{_prefix(attempt)}:at:{_digest(attempt.address)}", self._settings.login_tries)
        everywhere = Subject(f"{_prefix(attempt)}:everywhere", self._settings.login_tries_per_account)
        is_known = await self._absence.ask(lambda: self._redis.exists(_known(attempt)), otherwise=_nothing)
        return [here] if is_known else [here, everywhere]


async def _nothing() -> int:
    return 0


def _digest(address: str) -> str:
    return hashlib.blake2b(address.encode(), digest_size=12).hexdigest()


def _prefix(attempt: LoginAttempt) -> str:
    """The braces (a hash tag) keep an account's keys on one node of a cluster."""
    return f"pixecom:logins:{{{attempt.account.hex()}}}"


def _known(attempt: LoginAttempt) -> str:
    return f"{_prefix(attempt)}:known:{_digest(attempt.address)}"
