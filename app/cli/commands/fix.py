"""`pixecom fix`: fix the source as far as tools can."""

from __future__ import annotations

import typer


def fix() -> None:
    """Format the source, fix lint, and write schema.graphql.

    Exits 0 if nothing is left to fix by hand, 1 otherwise.
    """
    from app.cli.source.reporting import report
    from app.cli.source.tools import FIXES, run_in_turn

    raise typer.Exit(0 if report(run_in_turn(FIXES)) else 1)
