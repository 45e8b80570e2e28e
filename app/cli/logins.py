"""`pixecom logins`: the trail of logins, of all sellers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.places import DEFAULT_DATA
from app.vocabulary import LoginOutcome


def logins(
    *,
    email: Annotated[
        str | None, typer.Option(help="Only attempts with this e-mail address, recorded under this AUTH_SECRET.")
    ] = None,
    outcome: Annotated[LoginOutcome | None, typer.Option(help="Only attempts that ended like this.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=9600, help="How far back to look.")] = 24,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show.")] = 100,
    data_dir: Annotated[
        Path, typer.Option(help="Without DATABASE_URL: read from the instance that runs on this data directory.")
    ] = DEFAULT_DATA,
    as_json: Annotated[bool | None, typer.Option("--json/--table", help="Otherwise a table at a terminal.")] = None,
) -> None:
    """List login attempts, the newest first: time, outcome, client address, user, seller.

    A table at a terminal, JSON elsewhere. E-mail addresses are stored as digests only (`account`).
    """
    import sys
    from datetime import timedelta

    from app.cli.environment import given
    from app.cli.instance import join_instance
    from app.cli.loop import run_with_servers

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
    from app.cli.login_report import show_logins
    from app.services.login_reading import LoginQuestion

    question = LoginQuestion(within=timedelta(hours=hours), email=email, outcome=outcome, limit=limit)
    is_json = not sys.stdout.isatty() if as_json is None else as_json
    run_with_servers(show_logins(question, as_json=is_json))
