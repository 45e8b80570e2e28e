"""`pixecom doctor`: is this installation right? One line for each thing that has to be."""

from __future__ import annotations

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, join_servers, wants_json


def doctor(*, data_dir: ServersDirectory = DEFAULT_DATA, as_json: AsJson = None) -> None:
    """Check an installation, and say how to fix what is wrong.

    Covers settings, databases, roles, migrations and Redis, and whether background work is healthy. A check that can't
    run because of an earlier one is marked "?".

    Exits 0 if the installation is right, 1 otherwise.
    """
    import asyncio
    import json
    from dataclasses import asdict

    join_servers(data_dir)
    from app.cli.diagnosis.findings import examine, print_findings

    findings = asyncio.run(examine())
    if wants_json(as_json):
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print_findings(findings)
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)
