"""Each caller's share of a process: how many of its requests and exports may be in hand, never all connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.services.limits.turns import Caller, Share, Turns

if TYPE_CHECKING:
    from uuid import UUID

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings

__all__ = ["anonymous", "clock", "export_of", "export_turns", "probe", "request_turns", "user"]

EXPORT_RETRY_SECONDS = 10.0
PROBES_PER_ADDRESS, PROBES = 2, 4
# Requests of sellers who have none in hand, beyond what all may have in hand: connections that are kept for them.
SPARE = 3
CLOCK_REQUESTS = 2
# Requests that read something take longer; the cheapest ones take a twentieth of it.
LEAST_SECONDS = 0.005
LEAST_SECONDS_OF_PROBES = 0.001  # so that a crowd of them does not make a probe from the same address late


def request_turns(settings: Settings) -> Turns:
    """The turns of a process's requests; callers wait a little for one."""
    seconds = min(settings.operation_wait_seconds, settings.read_seconds)
    return Turns(wait_seconds=seconds, retry_seconds=max(1.0, seconds))


def user(settings: Settings, claims: AccessClaims) -> Caller:
    """A user, whatever tokens they have. Their requests count against their seller's share as well.

    All users together have no more in hand than one seller may have, or than connections are left by exports; only who
    has nothing in hand yet finds some more.
    """
    pool = settings.database_pool_size
    of_seller = max(1, min(settings.operations_per_seller, pool - _exports_of_seller(settings) - 1))
    of_all = max(of_seller, pool - _exports(settings) - SPARE)
    own = Share(("user", claims.user_id), settings.operations_per_user)
    groups = Share(("seller", claims.seller_id), of_seller), Share("users", of_all, spare=SPARE)
    return Caller("USER", (own, *groups), LEAST_SECONDS, is_paced=True)


def anonymous(settings: Settings, address: str) -> Caller:
    """A client address without a token. All of them have a share together."""
    own = Share(("address", address), settings.operations_per_address)
    return Caller("ADDRESS", (own, Share("anonymous", settings.anonymous_operations)), LEAST_SECONDS, is_paced=True)


def probe(path: str, address: str) -> Caller:
    """A client address that asks for this process's health at a path."""
    return Caller("HEALTH", (Share((path, address), PROBES_PER_ADDRESS), Share(path, PROBES)), LEAST_SECONDS_OF_PROBES)


def clock() -> Caller:
    """The external scheduler that starts scheduled jobs."""
    return Caller("CRON", (Share("cron", CLOCK_REQUESTS),))


def export_turns() -> Turns:
    """The turns of a process's exports; callers don't wait for one."""
    return Turns(retry_seconds=EXPORT_RETRY_SECONDS)


def export_of(settings: Settings, seller_id: UUID) -> Caller:
    """A seller that exports: its own share, and that of all exports (at most half of the pool)."""
    own = Share(("export", seller_id), _exports_of_seller(settings))
    return Caller("EXPORT", (own, Share("exports", _exports(settings))))


def _exports(settings: Settings) -> int:
    return max(1, min(settings.export_concurrency, settings.database_pool_size // 2))


def _exports_of_seller(settings: Settings) -> int:
    return max(1, _exports(settings) - 1)
