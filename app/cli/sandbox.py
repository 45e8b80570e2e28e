"""`pixecom sandbox`: a local stand-in for Meta's Graph API."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.embedded.ports import LOOPBACK


def sandbox(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on (127.0.0.1 only).")] = 8100,
    data: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Serve this CSV data set too, its newest day as yesterday."),
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which the stories are anchored; the same at every start."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Where changes (a paused campaign, a renewed token) outlive the process."),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A scenario in TOML; app/providers/sandbox/scenarios has some."),
    ] = None,
) -> None:
    """Run the sandbox process with the demo data. It needs no settings."""
    from app.cli.environment import check_is_development
    from app.cli.server import serve
    from app.clock import today_in
    from app.observability.logging import configure_logging
    from app.providers.sandbox.application import create_sandbox
    from app.providers.sandbox.scenario import load_scenario
    from app.providers.sandbox.worlds import CSV_TIME_ZONE, World, csv_world, demo_world

    check_is_development("sandbox")
    configure_logging(process="sandbox")
    day = today.date() if today else None
    world = demo_world(today=day)
    if data:
        world = World.combined(world, csv_world(data, today=day or today_in(CSV_TIME_ZONE)))
    script = load_scenario(scenario) if scenario else None
    serve(create_sandbox(world, state_path=state, scenario=script), host=LOOPBACK, port=port)
