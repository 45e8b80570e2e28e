"""`pixecom token`: an access token of the running development instance."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import InstanceDirectory
from app.cli.places import DEFAULT_DATA


def token(
    *,
    data_dir: InstanceDirectory = DEFAULT_DATA,
    seller: Annotated[str | None, typer.Option(help="The seller's slug; the demo's first seller otherwise.")] = None,
) -> None:
    """Print an access token of the running development instance, and nothing else."""
    from app.cli.instance import join_instance
    from app.cli.loop import run_with_servers

    join_instance(data_dir)
    from app.cli.command_services import open_command_services
    from app.services.login import mint_development_token
    from app.settings import load_settings

    async def mint() -> str:
        async with open_command_services(load_settings()) as services:
            return await mint_development_token(services, seller_slug=seller)

    print(run_with_servers(mint()))
