"""A condition of background work: measured regularly, and while it does not hold, no work is done.

What is measured, and how often, is the matter of `database_clock` and `database_schema`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

from app.database.outage import is_outage
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

OK = "ok"
log = get_logger(__name__)


class WorkCondition(ABC):
    """What a process knows about it. Until `kept` starts measuring, it is assumed to hold."""

    not_measured: ClassVar[str]
    """What is wrong until the first measurement."""
    unreadable: ClassVar[str]
    """The log event of a measurement that fails, other than because the database is away."""

    def __init__(self) -> None:
        self._trouble: str | None = None
        self._right, self._wrong = asyncio.Event(), asyncio.Event()
        self._right.set()

    @property
    def is_right(self) -> bool:
        """Whether work is allowed, as far as is known."""
        return self._trouble is None

    async def until_right(self) -> None:
        """Return once work is allowed."""
        await self._right.wait()

    async def until_wrong(self) -> None:
        """Return once work is not allowed."""
        await self._wrong.wait()

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """Measure now and regularly while the block runs; until the first measurement no work is allowed."""
        self._set(self.not_measured)
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    @abstractmethod
    async def measure(self) -> None:
        """Find out, and `_set` what is wrong. Raises the driver's error if the database is away."""

    @abstractmethod
    async def _pause(self) -> None:
        """Return when the next measurement is due."""

    @abstractmethod
    def _tell(self) -> None:
        """Log what has changed since it was last called. Called after each measurement of `kept`."""

    def _set(self, trouble: str | None) -> None:
        """What is wrong, or None if work is allowed."""
        self._trouble = trouble
        now, before = (self._right, self._wrong) if trouble is None else (self._wrong, self._right)
        before.clear()
        now.set()

    async def _keep(self) -> None:
        while True:
            try:
                await self.measure()
            except Exception as error:
                if not is_outage(error):  # callers that use the database report that it is away
                    log.exception(self.unreadable)
            else:
                self._tell()
            await self._pause()
