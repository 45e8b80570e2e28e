"""`pixecom doctor`: is this installation right? One line for each thing that has to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.places import DEFAULT_DATA


def doctor(
    *,
    data_dir: Annotated[
        Path, typer.Option(help="Without DATABASE_URL: examine the instance that runs on this data directory.")
    ] = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check settings, databases, roles, migrations and Redis, and whether background work is healthy.

    Every check runs that can; the others say why they can't.

    Exit code 0 if the installation is right, 1 otherwise.
    """
    import asyncio
    import json
    from dataclasses import asdict

    from app.cli.environment import given
    from app.cli.instance import join_instance

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
    from app.cli.findings import examine, print_findings

    findings = asyncio.run(examine())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print_findings(findings)
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)
