"""`pixecom seed`: the demo data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.printing.counting import counted
from app.cli.process.options import AsJson, wants_json
from app.errors import SetupError

if TYPE_CHECKING:
    from app.services.demo.seeding import DemoSummary


def seed(
    *,
    sandbox_csv: Annotated[
        bool, typer.Option("--sandbox-csv", help="Add the seller `kag`, for a sandbox that serves a CSV data set.")
    ] = False,
    as_json: AsJson = None,
) -> None:
    """Create the demo sellers, their accounts and campaigns.

    Existing rows are kept. It needs the same settings as the API, and is refused in production, since the demo's
    passwords are publicly known.
    """
    import json
    from dataclasses import asdict

    from app.cli.process.command_services import open_command_services
    from app.cli.process.loop import run_with_servers
    from app.configuration.settings import Environment, load_settings
    from app.observability.logging import configure_logging
    from app.services.demo.seeding import seed_demo

    settings = load_settings()
    if settings.environment is Environment.PRODUCTION:
        raise SetupError("`pixecom seed` creates logins with publicly known passwords, so it is refused in production.")
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="seed")

    async def work() -> DemoSummary:
        async with open_command_services(settings, process="seed") as services:
            return await seed_demo(services, sandbox_csv=sandbox_csv)

    summary = run_with_servers(work())
    if wants_json(as_json):
        print(json.dumps(asdict(summary)))
    else:
        print(_as_text(summary))


def _as_text(summary: DemoSummary) -> str:
    sellers, accounts = counted(summary.sellers, "seller"), counted(summary.accounts, "ad account")
    return f"Created {sellers}, {accounts} and {counted(summary.pages, 'page')}; existing ones were kept."
