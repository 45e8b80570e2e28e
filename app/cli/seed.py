"""`pixecom seed`: the demo data."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import AsJson, wants_json
from app.errors import SetupError


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

    from app.cli.command_services import open_command_services
    from app.cli.loop import run_with_servers
    from app.observability.logging import configure_logging
    from app.services.demo import DemoSummary, seed_demo
    from app.settings import Environment, load_settings

    settings = load_settings()
    if settings.environment is Environment.PRODUCTION:
        raise SetupError("`pixecom seed` creates logins with publicly known passwords, so it is refused in production.")
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="seed")

    async def work() -> DemoSummary:
        async with open_command_services(settings, process="seed") as services:
            return await seed_demo(services, sandbox_csv=sandbox_csv)

    summary = run_with_servers(work())
    facts = asdict(summary)
    is_json = wants_json(as_json)
    print(json.dumps(facts, default=str) if is_json else "\n".join(f"{name}: {fact}" for name, fact in facts.items()))
