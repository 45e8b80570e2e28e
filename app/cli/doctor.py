"""`pixecom doctor`: is this installation right? One line for each thing that has to be."""

from __future__ import annotations

import typer

from app.cli.options import AsJson, ServersDirectory, join_servers, wants_json
from app.cli.places import DEFAULT_DATA


def doctor(*, data_dir: ServersDirectory = DEFAULT_DATA, as_json: AsJson = None) -> None:
    """Check settings, databases, roles, migrations and Redis, and whether background work is healthy.

    Every check runs that can; the others say why they can't.

    Exits 0 if the installation is right, 1 otherwise.
    """
    import asyncio
    import json
    from dataclasses import asdict

    join_servers(data_dir)
    from app.cli.findings import examine, print_findings

    findings = asyncio.run(examine())
    if wants_json(as_json):
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print_findings(findings)
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)
