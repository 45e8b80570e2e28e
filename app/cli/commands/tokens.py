"""`pixecom tokens`: stored access tokens. `check` asks the platform about them, `reencrypt` ends a rotation of keys."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, join_servers, wants_json

tokens = typer.Typer(help="Check or re-encrypt stored access tokens.", no_args_is_help=True)

# Another platform's word on a token would make a healthy connection unhealthy.
_WHO_IS_ASKED = ("META_GRAPH_URL", "META_API_VERSION", "META_APP_ID")


@tokens.callback()
def stored_tokens() -> None:
    """Check or re-encrypt stored access tokens."""


@tokens.command()
def check(
    *,
    seller: Annotated[
        str | None, typer.Option(metavar="SELLER", help="Check only the seller with this slug. [default: all sellers]")
    ] = None,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """Ask Meta about the token of every active connection.

    A connection with a dead token becomes unhealthy. One that was unhealthy for its token becomes healthy again if Meta
    accepts the token and answers for the account or page. Exits 0 if all tokens are alive and their connections
    healthy, 1 otherwise.
    """
    join_servers(data_dir, decisive=_WHO_IS_ASKED)
    from app.cli.process.loop import run_with_servers
    from app.cli.reports.token_reports import check_now

    is_well = run_with_servers(check_now(seller_slug=seller, as_json=wants_json(as_json)))
    raise typer.Exit(0 if is_well else 1)


@tokens.command()
def reencrypt(*, data_dir: ServersDirectory = DEFAULT_DATA, as_json: AsJson = None) -> None:
    """Re-encrypt every token with the newest key.

    That is the first of TOKEN_ENCRYPTION_KEYS. It can be interrupted and run again. Exits 0 if no token is left under
    an older key, 1 if some are under keys that are missing.
    """
    join_servers(data_dir)
    from app.cli.process.loop import run_with_servers
    from app.cli.reports.token_reports import reencrypt_now

    is_done = run_with_servers(reencrypt_now(as_json=wants_json(as_json)))
    raise typer.Exit(0 if is_done else 1)
