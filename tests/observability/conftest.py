from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from app.configuration.settings import LogFormat
from app.observability.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def restoring_logging() -> Generator[None]:
    """Logging is one for the whole process: what it was before, it is afterwards."""
    root, quieted = logging.getLogger(), [logging.getLogger(name) for name in ("httpx", "taskiq")]
    handlers, level, levels, configuration = (
        root.handlers,
        root.level,
        [each.level for each in quieted],
        structlog.get_config(),
    )
    processors = list(configuration["processors"])
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        for logger, its_level in zip(quieted, levels, strict=True):
            logger.setLevel(its_level)
        configuration["processors"][:] = processors  # the one list that all loggers share
        structlog.configure(**configuration)


@pytest.fixture
def logging_restored() -> Generator[None]:
    with restoring_logging():
        yield


@pytest.fixture
def written(logging_restored: None, monkeypatch: pytest.MonkeyPatch) -> Lines:  # noqa: ARG001  # restores afterwards
    """Log lines as a process writes them where nobody watches, each parsed from its JSON."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure_logging(level="DEBUG", log_format=LogFormat.JSON, process="tests")
    return lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
