"""The first look at a database: whether both of its URLs reach it, and as the right roles.

A database that is away when a process starts is waited for, as one that goes away later: the process runs, not ready,
and says so in its log. Only a wrong role keeps a worker or scheduler from starting, and an unsafe one an api.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.errors import SetupError, WrongRoleError
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from app.database.engine import Database

__all__ = ["StartCheck"]

SECONDS = 15.0
AGAIN_SECONDS = 1.0
OK = "ok"
AWAY = "the database can't be reached yet; waiting, not ready"
REACHED = "the database is reached"
_log = get_logger(__name__)


class StartCheck:
    """One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_passed = self._is_told = False

    async def check(self) -> str:
        """For health checks: ok once it has passed; asks nothing."""
        return OK if self._has_passed else "the database has not been reached since the start"

    async def attempt(self) -> bool:
        """Whether the database is reached; if it is away, the log says so, once. Raises WrongRoleError."""
        try:
            async with asyncio.timeout(SECONDS):
                await self._database.check()
        except WrongRoleError:
            raise
        except (SetupError, TimeoutError) as error:
            self._tell_away(str(error) or f"it did not answer within {SECONDS:.0f} s")
            return False
        if self._is_told:
            _log.warning(REACHED)
        self._has_passed = True
        return True

    async def until_passed(self) -> None:
        """Return once the database is reached. Raises WrongRoleError."""
        while not self._has_passed:
            if not await self.attempt():
                await asyncio.sleep(AGAIN_SECONDS)

    def _tell_away(self, reason: str) -> None:
        if not self._is_told:
            _log.warning(AWAY, reason=reason)
        self._is_told = True
