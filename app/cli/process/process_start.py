"""What every process of an installation does first: read its settings, set up its log, report likely mistakes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from app.cli.process.setting_doubts import list_doubts
from app.configuration.settings import load_settings
from app.observability.logging import configure_logging, get_logger

if TYPE_CHECKING:
    from app.configuration.settings import Settings


def start_process(name: str) -> Settings:
    """The settings of this process. Raises SetupError if they are not right."""
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process=name)
    for doubt in list_doubts(settings, os.environ):
        get_logger(__name__).warning("a setting looks like a mistake", reason=doubt)
    return settings
