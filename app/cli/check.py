"""`pixecom check`: is what is stored consistent in itself? `check stats` proves it of the statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    data_dir: Annotated[
        Path, typer.Option(help="Without DATABASE_URL: check the instance that runs on this data directory.")
    ] = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Compare snapshots, daily rows and roll-ups of statistics, beside everything else that runs.

    Where the platform counts a campaign and its ads apart is told, and no fault. Exit code 0 if all agree (or all was
    repaired), 1 otherwise.
    """
    from app.cli.environment import given
    from app.cli.instance import join_instance
    from app.cli.loop import run_with_servers

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
    from app.cli.check_stats import StatsCheckRequest, check_now

    agrees = run_with_servers(check_now(StatsCheckRequest(seller_slug=seller, repair=repair, as_json=as_json)))
    raise typer.Exit(0 if agrees else 1)
