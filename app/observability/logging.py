"""Structured logs: for people at a terminal, one JSON object a line otherwise. Secrets are cut out on the way.

Every logger of the process, the libraries' included, ends in the same processors, so that a token in some
library's message is masked as well.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

from app.observability.correlation import current_correlation_id
from app.settings import LogFormat

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "[secret]"
_SECRET_KEY = re.compile(r"(?i)(token|password|secret|authorization|cookie|ciphertext|appsecret_proof|(^|[_-])key)$")
_SECRET_TEXT = re.compile(
    r"""(?ix)
    # A sentence about a token, as Meta writes them, and no token: a plain word follows.
    (?P<prose>
        access \s+ token \s* : \s+
        (?= (?! (?: bearer | basic | oauth ) \b ) (?-i: [A-Z]? [a-z']{1,15} | [AI] ) [.,;!?]? (?: \s | $ ) )
    )
    | (?P<named>
        (?: token | secret | password | appsecret_proof | authorization )
        \\?["']? \s* (?: [=:] | %3[ad] ) \s* (?P<quote> \\?["'] )?
        (?: (?: bearer | basic | oauth ) \s+ )?
    )
    (?(quote) (?: (?! (?P=quote) ) . )+ | [^\s&"',;)}]+ )
    | (?P<bearer> bearer\s+ ) [a-z0-9._~+/=-]+
    | (?P<scheme> [a-z][a-z0-9+]*://[^\s:/@]* : ) [^\s/]+ (?=@)
    | (?P<command> with\ args\ beginning\ with: \s* ) .+    # Redis repeats what it did not understand, AUTH too
    | \b (?-i: EAA [A-Za-z0-9] ) [a-z0-9]{16,}              # a token of Meta's, without a word before it
    | \b (?-i: eyJ ) [a-z0-9_-]+ (?: \. [a-z0-9_-]* ){2}    # a token of ours
    """,
)


def mask_secrets(text: str) -> str:
    """The text without what follows `access_token=`, `password:`, `Authorization:`, `Bearer ` or `scheme://user:`.

    A sentence that only speaks of an access token stays. Tokens that are known by their looks are cut out wherever they
    stand.
    """
    return _SECRET_TEXT.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if match["prose"]:
        return match["prose"]
    return f"{match['named'] or match['bearer'] or match['scheme'] or match['command'] or ''}{MASK}"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, dict):
        return {key: MASK if _SECRET_KEY.search(str(key)) else _clean(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return mask_secrets(repr(value))  # as the renderer would show it: an exception, say


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own
            event[key] = MASK if _SECRET_KEY.search(key) else _clean(value)
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
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name; events are short phrases, facts go into keyword arguments."""
    return structlog.stdlib.get_logger(name)
