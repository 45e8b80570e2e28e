"""Log lines as in a process, in which no secret may be."""

from __future__ import annotations

import logging
from io import StringIO

import pytest

from app.configuration.settings import LogFormat
from app.observability.logging import configure_logging


@pytest.fixture
def log_lines() -> StringIO:
    """What the process logs, as text."""
    configure_logging(process="tests", log_format=LogFormat.JSON)
    written = StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    return written
