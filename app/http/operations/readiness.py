"""Whether the process can serve requests: measured for /readyz and for scrapes, and set as gauges by both.

All who ask at the same time, or within KEPT_SECONDS after, share one measurement: a crowd that asks for health costs
the servers that are asked no more than a single probe.

Details of a failure are in the log only, except for the text that a check returns and for a wrong database role.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from app.errors import PixecomError, WrongRoleError
from app.event_loop.patience import patience
from app.observability.logging import get_logger
from app.observability.prometheus import READY
from app.serving.drain import Drain
from app.shared_answer import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

__all__ = ["OK", "Check", "Readiness"]

Check: TypeAlias = "Callable[[], Awaitable[object]]"  # text that it returns is shown: ok, or what is wrong
DEADLINE_SECONDS = 2.0
KEPT_SECONDS = 0.1
OK = "ok"
DRAIN = "drain"
_log = get_logger(__name__)


class Readiness:
    """One per process. It has no checks before its resources are open."""

    def __init__(self, drain: Drain | None = None, *, deadline_seconds: float | None = None) -> None:
        self._drain = drain or Drain()
        self._deadline_seconds = DEADLINE_SECONDS if deadline_seconds is None else deadline_seconds
        self._use({})

    @property
    def is_leaving(self) -> bool:
        """It still answers requests, but new clients should go elsewhere."""
        return self._drain.has_begun

    @contextmanager
    def checking(self, checks: Mapping[str, Check]) -> Generator[None]:
        """While the block runs, the process is ready when all these pass."""
        self._use(checks)
        try:
            yield
        finally:
            self._use({})

    async def measure(self) -> Mapping[str, str]:
        """The outcome of each check, `ok` or what happened, within the deadline; the gauges are set to the same."""
        return await self._found.get()

    def _use(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._found = SharedAnswer(self._measure, kept_seconds=KEPT_SECONDS)

    async def _measure(self) -> Mapping[str, str]:
        checks = dict(self._checks)
        outcomes = await asyncio.gather(*(self._outcome(name, check) for name, check in checks.items()))
        found = dict(zip(checks, outcomes, strict=True))
        self._show(found)
        return found

    def _show(self, found: Mapping[str, str]) -> None:
        READY.clear()
        READY.labels(DRAIN).set(not self.is_leaving)
        for name, outcome in found.items():
            READY.labels(name).set(outcome == OK)

    async def _outcome(self, name: str, check: Check) -> str:
        try:
            async with patience(self._deadline_seconds):
                answer = await check()
        except TimeoutError:
            _log.warning("readiness check timed out", check=name, seconds=self._deadline_seconds)
            return "timeout"
        except Exception as error:  # noqa: BLE001  # whatever a driver raises means "not ready"
            reason = str(error) if isinstance(error, PixecomError) else None  # a driver's text may show an address
            _log.warning("readiness check failed", check=name, error=type(error).__name__, reason=reason)
            return str(error) if isinstance(error, WrongRoleError) else "failed"
        return answer if isinstance(answer, str) else OK
