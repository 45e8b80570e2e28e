"""Any ASGI application behind a real port of this machine, in the test's own process and loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from starlette.applications import Starlette


class QuietServer(uvicorn.Server):
    """A server inside the test process leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(application: Starlette) -> AsyncGenerator[str]:
    """The application behind a real port of this machine; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = QuietServer(uvicorn.Config(application, log_config=None, lifespan="off", timeout_keep_alive=60))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
