"""`pixecom token`: an access token without a password, for operators."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import ServersDirectory, join_servers
from app.errors import SetupError


def token(
    *,
    data_dir: ServersDirectory = DEFAULT_DATA,
    seller: Annotated[
        str | None,
        typer.Option(
            metavar="SELLER", help="The seller's slug. Without --email, the token is for the seller's first owner."
        ),
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The e-mail address that the user logs in with.")
    ] = None,
) -> None:
    """Print an access token, and nothing else.

    For operators: it needs no password, only the signing secret. With an instance of `pixecom up`, --seller and --email
    can be left out; the token is then for the demo's first seller.
    """
    from app.cli.process.loop import run_with_servers

    if not (join_servers(data_dir) or seller or email):
        raise SetupError(
            "Give --seller (for its first owner) or --email: whose token this is. The command is for operators."
        )
    from app.cli.process.command_services import open_command_services
    from app.configuration.settings import load_settings
    from app.services.logins.login import mint_token

    async def mint() -> str:
        async with open_command_services(load_settings()) as services:
            return await mint_token(services, seller_slug=seller, email=email)

    print(run_with_servers(mint()))
