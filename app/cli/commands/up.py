"""`pixecom up`: the whole product on one machine, until somebody ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA, DEFAULT_PORT
from app.cli.process.options import work_at


def up(
    *,
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="The port of the API; the other ports are free ones.")
    ] = DEFAULT_PORT,
    data_dir: Annotated[
        Path,
        typer.Option(help="Where everything is kept; the next start reuses it.", callback=work_at, metavar="DIRECTORY"),
    ] = DEFAULT_DATA,
    sandbox_data: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="CSV", help="A data set for the sandbox; adds the seller `kag`."
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Empty the data directory first.")] = False,
) -> None:
    """Run the whole product on this machine until Ctrl-C.

    It brings embedded servers and demo data. To use your own servers, set DATABASE_URL (with SYSTEM_DATABASE_URL and
    MIGRATION_DATABASE_URL) or REDIS_URL.
    """
    from app.cli.instance.run import run_instance

    run_instance(
        port=port,
        data_directory=data_dir,
        sandbox_data=sandbox_data.resolve() if sandbox_data else None,
        reset=reset,
    )
