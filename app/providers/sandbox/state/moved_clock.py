"""The sandbox's own time: the present moved by a number of seconds, for every request and whatever it does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.providers.sandbox.running import Sandbox


class MovedClock:
    """Within a request time stands still while it is moved; without an offset it runs."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offset = self._sandbox.clock_offset_seconds
        if not offset:
            await self._app(scope, receive, send)
            return
        with clock.frozen(clock.now() + timedelta(seconds=offset)):
            await self._app(scope, receive, send)
