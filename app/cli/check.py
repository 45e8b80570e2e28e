"""`pixecom check`: is what is stored consistent in itself? `check stats` proves it of the statistics."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import AsJson, ServersDirectory, join_servers, wants_json
from app.cli.places import DEFAULT_DATA

check = typer.Typer(help="Prove that what is stored agrees with what it is derived from.", no_args_is_help=True)


@check.callback()
def consistency() -> None:
    """Prove that what is stored agrees with what it is derived from."""


@check.command()
def stats(
    *,
    seller: Annotated[
        str | None, typer.Option(help="The slug of the one seller to check; all of them otherwise.")
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make daily rows the newest snapshots again, and roll-ups their sums; move rows with a time in the "
            "future, which a wrong clock wrote, back to now, and make the jobs among them due.",
        ),
    ] = False,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """Compare snapshots, daily rows and roll-ups of statistics while everything else runs.

    Days on which the platform's count of a campaign differs from the sum of its ads are reported, but are no fault.

    Exits 0 if all agree (or all was repaired), 1 otherwise.
    """
    from app.cli.loop import run_with_servers

    join_servers(data_dir)
    from app.cli.check_stats import StatsCheckRequest, check_now

    request = StatsCheckRequest(seller_slug=seller, repair=repair, as_json=wants_json(as_json))
    agrees = run_with_servers(check_now(request))
    raise typer.Exit(0 if agrees else 1)
