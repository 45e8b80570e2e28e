"""Accepts connections, and gives each a place or refuses it before a protocol is made for it.

A few are accepted in a turn of the event loop: all that wait at once would hold up everything else, and one a turn
would make new clients and health probes queue for as many turns as others connect. After as many as that, or when there
was no place, the listener rests for a moment; the others wait in the kernel meanwhile. So a crowd takes a bounded part
of each second, however fast it reconnects, and a newcomer behind a thousand of it waits for a sixth of a second.

A client may also connect and leave, and do so faster than it could be served, whether it asked for something first or
not. What it leaves behind is thrown away faster, too: it would otherwise fill the kernel's queue, and new clients would
have to try again after a second.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.observability.logging import get_logger
from app.serving.accepting.held import Held
from app.serving.accepting.making import Making
from app.serving.accepting.refusals import Refusals

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from app.serving.accepting.places import Place
    from app.serving.server import BoundedConfig

__all__ = ["ACCEPTED_PER_TURN", "Accepting"]

ACCEPTED_PER_TURN = 25
THROWN_AWAY_PER_TURN = 100
REST_SECONDS = 0.004
# When the process, or the machine, has no file descriptor left.
EXHAUSTED_SECONDS = 0.1

_log = get_logger(__name__)


class Accepting:
    """One listening socket. uvicorn calls `close` and `wait_closed` as those of an asyncio server."""

    def __init__(
        self, config: BoundedConfig, listener: socket.socket, *, make_protocol: Callable[[Place], asyncio.Protocol]
    ) -> None:
        self.sockets = [listener]
        self._listener = listener
        self._backlog = config.backlog
        self._places = config.places
        self._make_protocol = make_protocol
        self._making = Making(config.places, make=self._make)
        self._refusals = Refusals(config.limits, config.places, admit=self._making.add)
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._is_exhausted = False

    def start(self) -> None:
        self._listener.setblocking(False)  # noqa: FBT003 - its only parameter
        self._listener.listen(self._backlog)
        self._loop.add_reader(self._listener, self._accept_some)

    def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._listener)
        self._refusals.close()
        self._making.close()
        self._listener.close()

    async def wait_closed(self) -> None:
        await self._making.finish()

    def _accept_some(self) -> None:
        accepted = refused = 0
        for _ in range(THROWN_AWAY_PER_TURN):
            try:
                connected, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError as error:
                self._wait_for_descriptors(error)
                return
            self._is_exhausted = False
            held = Held(connected, str(peer[0]))
            if held.has_gone:
                held.close()
                continue
            accepted += 1
            refused += not self._take_in(held)
            if accepted == ACCEPTED_PER_TURN:
                break
        if refused or accepted == ACCEPTED_PER_TURN:
            self._rest(REST_SECONDS)

    def _take_in(self, held: Held) -> bool:
        """Whether it got a place."""
        place = self._places.take(held.address)
        if place is None:
            self._refusals.add(held)
            return False
        self._making.add(held, place)
        return True

    async def _make(self, connected: socket.socket, place: Place) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: self._make_protocol(place), connected)
        except OSError:  # its client has gone already
            self._places.release(place)
            connected.close()

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._resting = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._resting = None
        self._loop.add_reader(self._listener, self._accept_some)

    def _wait_for_descriptors(self, error: OSError) -> None:
        if not self._is_exhausted:
            self._is_exhausted = True
            _log.warning("no connection could be accepted", reason=error.strerror)
        self._refusals.refuse_all()
        self._rest(EXHAUSTED_SECONDS)
