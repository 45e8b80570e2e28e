"""A second port of a process, for operators: health, Prometheus metrics."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import SetupError
from app.observability.logging import get_logger
from app.serving.http.pacing import Paced
from app.serving.limits import ConnectionLimits
from app.serving.server import BoundedConfig, QuietServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp

__all__ = ["PortBeside", "serve_beside"]

# A few scrapers and probes; their requests are short, have no body, and are read at once.
LIMITS = ConnectionLimits(
    header_bytes=16_384,
    header_seconds=5.0,
    body_bytes=1_024,
    body_seconds=5.0,
    stalled_seconds=10.0,
    connections=64,
    waiting_for_refusal=64,
)

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortBeside:
    """Where it listens. `name` is for messages; `setting` is the setting that changes the port."""

    name: str
    host: str
    port: int
    setting: str


@asynccontextmanager
async def serve_beside(application: ASGIApp, where: PortBeside) -> AsyncGenerator[None]:
    """Serve while the block runs, within LIMITS and at a pace. Port 0 picks a free port and logs it.

    Raises SetupError if the port can't be opened.
    """
    with _listening(where) as listener:
        server = QuietServer(BoundedConfig(Paced(application), limits=LIMITS, lifespan="off"))
        _log.info(f"the {where.name} port is open", host=where.host, port=listener.getsockname()[1])
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def _listening(where: PortBeside) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        return socket.create_server((where.host, where.port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SetupError(
            f"The {where.name} port {where.host}:{where.port} can't be opened: {reason}. "
            f"Set {where.setting} to a free port."
        ) from None
