"""The database's schema as background work sees it: looked at regularly, since a release may be rolled back meanwhile.

On a schema that is older than this release needs, jobs would fail one after another. So the process reports it and does
no work until somebody migrates.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.database.revision import check_revision
from app.observability.logging import get_logger
from app.services.conditions.condition import OK, WorkCondition

if TYPE_CHECKING:
    from app.database.engine import Database

log = get_logger(__name__)

EVERY_SECONDS = 5.0


class DatabaseSchema(WorkCondition):
    """Right while the schema is new enough."""

    not_measured = "the schema's revision has not been read yet"
    unreadable = "the schema's revision can't be read"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._told: str | None = None

    async def check(self) -> str:
        """For health checks: ok, or what is wrong. Raises the driver's error if the database is away."""
        await self.measure()
        return self._trouble or OK

    async def measure(self) -> None:
        found = await check_revision(self._database.app)
        self._set(None if found == OK else found)

    async def _pause(self) -> None:
        await asyncio.sleep(EVERY_SECONDS)

    def _tell(self) -> None:
        """Log when the schema becomes too old, and when it is new enough again."""
        if self._trouble == self._told:
            return
        self._told = self._trouble
        if self.is_right:
            log.warning("the schema is new enough again; work resumes")
        else:
            log.error("no work until the schema is migrated", reason=self._trouble)
