"""`pixecom api`: the GraphQL API over HTTP and WebSocket."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_PORT
from app.embedded.ports import LOOPBACK


def api(
    *,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on; 0.0.0.0 for all.")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="PORT", help="The port to listen on.")] = DEFAULT_PORT,
) -> None:
    """Run an API process.

    Settings come from the environment. On SIGTERM it keeps serving for DRAIN_SECONDS, then shuts down.
    """
    from app.cli.diagnosis.demo_logins import refuse_demo_logins_at_start
    from app.cli.diagnosis.unsafe_roles import refuse_unsafe_roles_at_start
    from app.cli.process.loop import run_with_servers
    from app.cli.process.process_start import start_process
    from app.cli.process.server import serve
    from app.http.application import create_application
    from app.http.operations.readiness import Readiness
    from app.http.requests.metrics import metrics_application
    from app.serving.beside import PortBeside
    from app.serving.drain import Drain
    from app.serving.limits import ConnectionLimits

    settings = start_process("api")
    run_with_servers(refuse_unsafe_roles_at_start(settings))
    run_with_servers(refuse_demo_logins_at_start(settings))
    drain = Drain(settings.seconds_to_drain)
    readiness = Readiness(drain)
    metrics = PortBeside(name="metrics", host=settings.metrics_host, port=settings.metrics_port, setting="METRICS_PORT")
    serve(
        create_application(settings, readiness=readiness),
        host=host,
        port=port,
        limits=ConnectionLimits.of(settings),
        drain=drain,
        beside=(metrics_application(readiness, data_directory=settings.data_directory), metrics),
        max_message_bytes=settings.max_body_bytes,
        trusted_proxies=settings.trusted_proxies,
    )
