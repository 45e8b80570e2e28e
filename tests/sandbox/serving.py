"""A sandbox behind a real port, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from app.providers.sandbox.application import create_sandbox

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.providers.sandbox.script.scenario import Scenario
    from app.providers.sandbox.world.worlds import World

PATIENCE_SECONDS = 20


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


@contextmanager
def serving(world: World, *, scenario: Scenario | None = None) -> Generator[str]:
    """The base URL of a sandbox that runs until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            create_sandbox(world, scenario=scenario), log_config=None, access_log=False, lifespan="off"
        )
        server = _Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            assert server.ready.wait(PATIENCE_SECONDS)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
