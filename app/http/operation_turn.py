"""When an operation may run, and for how long: its caller's slots, and the deadline for its kind."""

from __future__ import annotations

from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

from strawberry.types.graphql import OperationType

from app.database.deadline import until_deadline
from app.services.limits.precedence import Precedence
from app.services.limits.shares import operation_shares, operation_slots

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.auth.access_tokens import AccessClaims
    from app.settings import Settings

__all__ = ["OperationTurns"]


class OperationTurns:
    """One per process. `precedence`: other work, such as exports, gives way to operations through it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = operation_slots(settings)
        self.precedence = Precedence()

    @asynccontextmanager
    async def taken(self, claims: AccessClaims | None, kind: OperationType, *, address: str) -> AsyncGenerator[None]:
        """Run an operation within its slots and its deadline, which includes the time spent waiting for a slot.

        Raises RateLimitedError if no slot becomes free in time, DeadlineExceededError, and DatabaseSilentError.
        """
        changes = kind is OperationType.MUTATION
        seconds, came_at = self._settings.mutation_seconds if changes else self._settings.read_seconds, monotonic()
        async with (
            self._slots.taken(operation_shares(self._settings, claims, address=address)),
            until_deadline(seconds, since=came_at),
        ):
            with self.precedence.request():
                yield
