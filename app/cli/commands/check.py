"""`pixecom check`: whether stored data is consistent (`stats`), and whether the source is in order (`code`)."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, join_servers, wants_json

check = typer.Typer(help="Check stored data, or the source.", no_args_is_help=True)


@check.callback()
def consistency() -> None:
    """Check stored data, or the source."""


@check.command()
def stats(
    *,
    seller: Annotated[
        str | None, typer.Option(metavar="SELLER", help="Check only the seller with this slug. [default: all sellers]")
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Rebuild daily rows from the newest snapshots, and roll-ups from daily rows. Rows with a time in the "
            "future, which a wrong clock wrote, are moved back to now; jobs among them become due.",
        ),
    ] = False,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """Compare snapshots, daily rows and roll-ups of statistics.

    It can run while everything else does. Days on which Meta's own figures for a campaign differ from the sum of its
    ads are counted, but are normal.

    Exits 0 if everything agrees or was repaired, 1 otherwise.
    """
    from app.cli.process.loop import run_with_servers

    join_servers(data_dir)
    from app.cli.reports.check_stats import StatsCheckRequest, check_now

    request = StatsCheckRequest(seller_slug=seller, repair=repair, as_json=wants_json(as_json))
    agrees = run_with_servers(check_now(request))
    raise typer.Exit(0 if agrees else 1)


@check.command()
def code() -> None:
    """Check the format, lint, layers, schema and types of the source.

    Takes seconds; `pixecom fix` fixes what a tool can fix. Exits 0 if everything is in order, 1 otherwise.
    """
    from app.cli.source.reporting import report
    from app.cli.source.tools import CHECKS, run_side_by_side

    raise typer.Exit(0 if report(run_side_by_side(CHECKS)) else 1)
