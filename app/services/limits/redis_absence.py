"""Asks Redis, and falls back while it is away: a limit must neither block callers nor make each of them wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from redis.exceptions import RedisError

from app import clock
from app.event_loop.patience import patience
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["RedisAbsence"]

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 1.0
REST = timedelta(seconds=10)
"""Pause after a failure before Redis is asked again, so that not every caller waits for it in vain."""
_log = get_logger(__name__)


class RedisAbsence:
    """Whether Redis answers this process; each absence is logged once, as `consequence`."""

    def __init__(self, consequence: str) -> None:
        self._consequence = consequence
        self._is_away = False
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    async def ask(
        self, question: Callable[[], Awaitable[Answer]], *, otherwise: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer of `question`, or of `otherwise` if Redis does not answer."""
        if self._is_away and clock.now() < self._rests_until:
            return await otherwise()
        try:
            async with patience(PATIENCE_SECONDS):
                answer = await question()
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self._note(error)
            return await otherwise()
        self._is_away = False
        return answer

    def _note(self, error: Exception) -> None:
        self._rests_until = clock.now() + REST
        if not self._is_away:
            self._is_away = True
            _log.warning(self._consequence, error=type(error).__name__)
