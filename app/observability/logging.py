"""Structured logs: for people at a terminal, one JSON object a line otherwise. Secrets are cut out on the way.

Values that are too long are shortened first. All loggers of the process, including those of libraries, end in the same
processors, so that a token in a library's message is masked as well.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, cast

import structlog

from app.configuration.settings import LogFormat
from app.observability.correlation import current_correlation_id
from app.observability.event_values import clean_event
from app.observability.masking import MASK, mask_secrets

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["MASK", "configure_logging", "get_logger", "mask_secrets"]


# The same list through every configuration: a logger that was used before keeps the list that it was made with.
_processors: list[Processor] = []


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    clean_event(cast("dict[str, Any]", event))
    return event


def _add_correlation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    correlation_id = current_correlation_id()
    if correlation_id:
        event.setdefault("correlation_id", correlation_id)
    return event


def configure_logging(*, level: str = "INFO", log_format: LogFormat = LogFormat.AUTO, process: str) -> None:
    """Set up logging for this process; `process` (api, worker, ...) stands in every line."""
    console = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and sys.stderr.isatty())

    def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_process,
        _add_correlation,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, tokens included
    logging.getLogger("taskiq").setLevel(logging.WARNING)  # it says again what our own lines say of each job
    _processors[:] = [
        structlog.stdlib.filter_by_level,
        *shared,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ]
    structlog.configure(
        processors=_processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name; events are short phrases, facts go into keyword arguments."""
    return structlog.stdlib.get_logger(name)
