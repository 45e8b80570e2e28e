"""`pixecom sandbox`: a local stand-in for Meta's Graph API."""

from __future__ import annotations

from datetime import date  # typer reads the annotations while running
from pathlib import Path
from typing import Annotated

import typer

from app.cli.process.options import read_day
from app.embedded.ports import LOOPBACK


def sandbox(
    *,
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="The port to listen on (127.0.0.1 only).")
    ] = 8100,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="CSV",
            help="Serve this data set too, with its newest day as yesterday.",
        ),
    ] = None,
    today: Annotated[
        date | None,
        typer.Option(
            parser=read_day,
            metavar="DAY",
            help="The day that the data takes for today; the same at every start. [default: today]",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            metavar="FILE",
            help="Keep changes (a paused campaign, a renewed token) in this file, for the next start.",
        ),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="TOML",
            help="Play this scenario; app/providers/sandbox/scenarios has some.",
        ),
    ] = None,
) -> None:
    """Run the sandbox, a local stand-in for Meta's Graph API.

    It serves the demo data, and needs no settings.
    """
    from app.cli.printing.environment import check_is_development
    from app.cli.process.server import serve
    from app.clock import today_in
    from app.observability.logging import configure_logging
    from app.providers.sandbox.application import create_sandbox
    from app.providers.sandbox.script.scenario import load_scenario
    from app.providers.sandbox.world.worlds import CSV_TIME_ZONE, World, csv_world, demo_world

    check_is_development("sandbox")
    configure_logging(process="sandbox")
    world = demo_world(today=today)
    if data:
        world = World.combined(world, csv_world(data, today=today or today_in(CSV_TIME_ZONE)))
    script = load_scenario(scenario) if scenario else None
    serve(create_sandbox(world, state_path=state, scenario=script), host=LOOPBACK, port=port)
