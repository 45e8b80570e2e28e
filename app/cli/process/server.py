"""Runs an ASGI application in this process, in the foreground, until a signal ends it."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from app.cli.joining.port_user import port_in_use
from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.loop import run_on_uvloop
from app.embedded.ports import is_free
from app.serving.accepting.descriptors import allow_descriptors
from app.serving.beside import serve_beside
from app.serving.server import BoundedConfig, BoundedServer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from app.serving.beside import PortBeside
    from app.serving.drain import Drain
    from app.serving.limits import ConnectionLimits

MESSAGE_BYTES = 400_000
NO_PROXIES = "none"


def serve(
    application: ASGIApp,
    *,
    host: str,
    port: int,
    limits: ConnectionLimits | None = None,
    drain: Drain | None = None,
    beside: tuple[ASGIApp, PortBeside] | None = None,
    max_message_bytes: int = MESSAGE_BYTES,
    trusted_proxies: str = NO_PROXIES,
) -> None:
    """Serve until SIGTERM or SIGINT, with a grace period for running requests. `beside` gets a port of its own.

    X-Forwarded-For and X-Forwarded-Proto from a trusted proxy replace its own address and scheme.

    Raises SetupError if a port is taken.
    """
    if not is_free(port, host):
        raise port_in_use(port, DEFAULT_DATA, host=host)
    config = BoundedConfig(
        application,
        limits=limits,
        host=host,
        port=port,
        ws_max_size=max_message_bytes,
        proxy_headers=trusted_proxies != NO_PROXIES,
        forwarded_allow_ips=trusted_proxies,
    )
    allow_descriptors(config.limits.connections + config.limits.waiting_for_refusal)
    with suppress(KeyboardInterrupt):
        run_on_uvloop(_serve(BoundedServer(config, drain), beside))


async def _serve(server: BoundedServer, beside: tuple[ASGIApp, PortBeside] | None) -> None:
    async with AsyncExitStack() as stack:
        if beside:
            await stack.enter_async_context(serve_beside(*beside))
        await server.serve(sockets=[server.config.bind_socket()])
