"""uvicorn's server with connection limits and draining before shutdown."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from app.serving.accepting.acceptor import Accepting
from app.serving.accepting.places import Places
from app.serving.drain import Drain
from app.serving.http.protocol import BoundedHttp
from app.serving.limits import ConnectionLimits
from app.serving.sockets.protocol import BoundedWebSocket

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator
    from types import FrameType

    from starlette.types import ASGIApp

    from app.serving.accepting.places import Place

__all__ = ["BoundedConfig", "BoundedServer", "QuietServer"]

# Seconds that running requests have at shutdown before they are cancelled, and that they have to end then.
GRACE_SECONDS = 10.0
CANCELLING_SECONDS = 2.0
LOOK_EVERY_TICKS = 5  # of a tenth of a second


class BoundedConfig(uvicorn.Config):
    """uvicorn's configuration with our logging, plus the limits, places and drain of one server."""

    def __init__(self, application: ASGIApp, *, limits: ConnectionLimits | None = None, **changes: Any) -> None:
        self.limits = limits or ConnectionLimits()
        self.places = Places(self.limits)
        self.drain = Drain()
        ours: dict[str, Any] = {
            "http": BoundedHttp,
            "ws": BoundedWebSocket,
            # Our messages are short, and a few compressed bytes can make us inflate and scan a megabyte.
            "ws_per_message_deflate": False,
            "log_config": None,
            "access_log": False,
            "server_header": False,
            # As many connections as the kernel keeps (net.core.somaxconn): those beyond try again after a second.
            "backlog": 65_535,
            "timeout_keep_alive": self.limits.keep_alive_seconds,
            "timeout_graceful_shutdown": GRACE_SECONDS + CANCELLING_SECONDS,
        }
        super().__init__(application, **{**ours, **changes})


class BoundedServer(uvicorn.Server):
    """Checks its connections periodically. Shutdown has two steps: not ready during the drain, then gone."""

    config: BoundedConfig

    def __init__(self, config: BoundedConfig, drain: Drain | None = None) -> None:
        super().__init__(config)
        self._drain = config.drain = drain or config.drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections ourselves: uvicorn would make a protocol of each."""
        await super().startup(sockets=[])
        listeners = [self.config.bind_socket()] if sockets is None else sockets
        accepting = [Accepting(self.config, each, make_protocol=self._protocol) for each in listeners]
        self.servers: list[Any] = accepting
        for each in accepting:
            each.start()

    def _protocol(self, place: Place) -> BoundedHttp:
        return BoundedHttp(self.config, self.server_state, self.lifespan.state, place=place)

    async def on_tick(self, counter: int) -> bool:
        if counter % LOOK_EVERY_TICKS == 0:
            self._look_at_connections()
        return await super().on_tick(counter) or self._drain.is_over

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_now_if_forced()
        cancelling = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._cancel_requests)
        await super().shutdown(sockets)
        cancelling.cancel()
        if not self.force_exit:
            self._captured_signals.clear()  # uvicorn would end the process by them: an orderly end is exit code 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal starts the drain; a second one ends it and everything that is still running."""
        del frame
        self._captured_signals.append(sig)
        if self._drain.has_begun:
            self.should_exit = self.force_exit = True
        self._drain.begin()

    def _look_at_connections(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedHttp | BoundedWebSocket):
                connection.look(connection.loop.time())

    def _cancel_requests(self) -> None:
        """Cancel those that outlasted the grace. uvicorn would do it a little later, and call each an error."""
        self._drain.note_cancelling()
        for task in list(self.server_state.tasks):
            task.cancel()

    def _end_now_if_forced(self) -> None:
        if self.force_exit:
            for connection in list(self.server_state.connections):
                connection.transport.abort()


class QuietServer(BoundedServer):
    """A secondary server: something else in the process handles signals and decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
