"""`pixecom status`: how the background work fares, of all sellers or of one, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.places import DEFAULT_DATA


def status(
    *,
    seller: Annotated[str | None, typer.Option(help="The slug of the one seller to look at; all otherwise.")] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Without DATABASE_URL: look at the instance that runs on this data directory.")
    ] = DEFAULT_DATA,
    as_json: Annotated[bool | None, typer.Option("--json/--table", help="Otherwise a table at a terminal.")] = None,
) -> None:
    """Show runs that go on, jobs that failed, connections in trouble, what waits, and what to do.

    Tables at a terminal, JSON elsewhere. Exit code 0 if nothing needs anybody, 1 otherwise.
    """
    import sys

    from app.cli.environment import given
    from app.cli.instance import join_instance
    from app.cli.loop import run_with_servers

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
    from app.cli.status_report import show_status

    is_json = not sys.stdout.isatty() if as_json is None else as_json
    is_well = run_with_servers(show_status(seller_slug=seller, as_json=is_json))
    raise typer.Exit(0 if is_well else 1)
