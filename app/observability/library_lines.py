"""Limits what libraries log of clients, such as uvicorn's line for each request that is not HTTP. Never tracebacks."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.observability.line_limits import LineKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.observability.line_limits import LineLimits

__all__ = ["LIBRARIES", "limiting_libraries"]

# Loggers that have a line for what a client does wrong. Their messages may quote it, so a kind is a logger's level.
LIBRARIES = ("uvicorn.error", "asyncio")


@contextmanager
def limiting_libraries(limits: LineLimits) -> Generator[None]:
    """Within the block, the loggers of LIBRARIES write no more lines than the limits admit."""
    limit = _LibraryLimit(limits)
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    for logger in loggers:
        logger.addFilter(limit)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(limit)


class _LibraryLimit(logging.Filter):
    def __init__(self, limits: LineLimits) -> None:
        super().__init__()
        self._limits = limits

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            return True
        return self._limits.admit(LineKind(record.name, record.levelname, "ANY"))
