"""`pixecom status`: whether background work is healthy, of all sellers or of one, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, join_servers, wants_json


def status(
    *,
    seller: Annotated[
        str | None, typer.Option(metavar="SELLER", help="Show only the seller with this slug. [default: all sellers]")
    ] = None,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """Show what is in progress, failed or behind, and what to do.

    Exits 0 if no action is needed, 1 otherwise.
    """
    from app.cli.process.loop import run_with_servers

    join_servers(data_dir)
    from app.cli.reports.status_report import show_status

    is_well = run_with_servers(show_status(seller_slug=seller, as_json=wants_json(as_json)))
    raise typer.Exit(0 if is_well else 1)
