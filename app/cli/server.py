"""Runs an ASGI application in this process, with our logging instead of uvicorn's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from app.embedded.ports import is_free
from app.errors import SetupError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GRACE_SECONDS = 10
MESSAGE_BYTES = 1_000_000


def serve(application: ASGIApp, *, host: str, port: int, max_message_bytes: int = MESSAGE_BYTES) -> None:
    """Serve until SIGTERM or SIGINT; running requests get their grace. Raises SetupError if the port is taken."""
    if not is_free(port, host):
        raise SetupError(f"Port {port} on {host} is in use by another program; stop it, or pass another --port.")
    uvicorn.run(
        application,
        host=host,
        port=port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=max_message_bytes,
    )
