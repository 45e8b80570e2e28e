"""How long an operation may run, by its kind, and its precedence over other work."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from strawberry.types.graphql import OperationType

from app.database.deadline import until_deadline
from app.services.limits.precedence import Precedence

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.services.limits.turns import Caller

__all__ = ["OperationTurns"]


class OperationTurns:
    """One per process. `precedence`: other work, such as exports, gives way to operations through it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.precedence = Precedence()

    @asynccontextmanager
    async def begun(
        self, kind: OperationType, *, caller: Caller, since: float, light: bool = True
    ) -> AsyncGenerator[None]:
        """Run an operation within its deadline. `since`: when its request began to wait for its turn.

        `light`: whether it goes before heavy work at first. A mutation does not wait for large queries of its seller.
        Raises DeadlineExceededError and DatabaseSilentError.
        """
        changes = kind is OperationType.MUTATION
        seconds = self._settings.mutation_seconds if changes else self._settings.read_seconds
        async with until_deadline(seconds, since=since):
            with self.precedence.operation(group=None if changes else caller.group, light=light):
                yield
