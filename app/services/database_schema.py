"""The database's schema as background work sees it: looked at regularly, since a release may be rolled back meanwhile.

On a schema that is older than this release needs, jobs would fail one after another. So the process reports it and does
no work until somebody migrates.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from app.database.outage import is_outage
from app.database.revision import check_revision
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.database.engine import Database

log = get_logger(__name__)

EVERY_SECONDS = 5.0
OK = "ok"
_NOT_READ = "the schema's revision has not been read yet"


class DatabaseSchema:
    """What a process knows about it. Until `kept` starts looking, the schema is assumed to be new enough."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._trouble = OK
        self._told = OK
        self._fits, self._lags = asyncio.Event(), asyncio.Event()
        self._fits.set()

    @property
    def is_right(self) -> bool:
        """Whether work is allowed, as far as is known."""
        return self._trouble == OK

    async def until_right(self) -> None:
        """Return once work is allowed."""
        await self._fits.wait()

    async def until_wrong(self) -> None:
        """Return once work is not allowed."""
        await self._lags.wait()

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """Look now and every few seconds; until the first look no work is allowed."""
        self._set(_NOT_READ)
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def check(self) -> str:
        """For health checks: ok, or what is wrong. Raises the driver's error if the database is away."""
        self._set(await check_revision(self._database.app))
        return self._trouble

    async def _keep(self) -> None:
        while True:
            try:
                await self.check()
            except Exception as error:
                if not is_outage(error):  # callers that use the database report that it is away
                    log.exception("the schema's revision can't be read")
            else:
                self._tell()
            await asyncio.sleep(EVERY_SECONDS)

    def _set(self, trouble: str) -> None:
        self._trouble = trouble
        now, before = (self._fits, self._lags) if self.is_right else (self._lags, self._fits)
        before.clear()
        now.set()

    def _tell(self) -> None:
        """Log when the schema becomes too old, and when it is new enough again."""
        if self._trouble == self._told:
            return
        self._told = self._trouble
        if self.is_right:
            log.warning("the schema is new enough again; work resumes")
        else:
            log.error("doing no work until the schema is migrated", reason=self._trouble)
