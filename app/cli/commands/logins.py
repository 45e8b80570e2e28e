"""`pixecom logins`: the trail of logins, of all sellers."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, join_servers, wants_json
from app.vocabulary import LoginOutcome


def logins(
    *,
    email: Annotated[
        str | None,
        typer.Option(metavar="EMAIL", help="Only attempts with this e-mail address, recorded under this AUTH_SECRET."),
    ] = None,
    outcome: Annotated[
        LoginOutcome | None,
        typer.Option(metavar="OUTCOME", help=f"Only attempts with this outcome: {', '.join(LoginOutcome)}."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=9600, metavar="HOURS", help="How far back to look.")] = 24,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="How many to show.")] = 100,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """List login attempts, newest first.

    Each has its time, outcome, client address, seller and user. E-mail addresses are stored as digests only
    (`account`).
    """
    from datetime import timedelta

    from app.cli.process.loop import run_with_servers

    join_servers(data_dir)
    from app.cli.reports.login_report import show_logins
    from app.services.logins.reading import LoginQuestion

    question = LoginQuestion(within=timedelta(hours=hours), email=email, outcome=outcome, limit=limit)
    run_with_servers(show_logins(question, as_json=wants_json(as_json)))
