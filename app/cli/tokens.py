"""`pixecom tokens`: stored access tokens. `check` asks the platform about them, `reencrypt` ends a rotation of keys."""

from __future__ import annotations

from pathlib import Path  # typer reads the annotations while running
from typing import Annotated

import typer

from app.cli.places import DEFAULT_DATA

tokens = typer.Typer(help="Check stored access tokens, or encrypt them under the newest key.", no_args_is_help=True)

DataDirectory = Annotated[
    Path, typer.Option(help="Without DATABASE_URL: work with the instance that runs on this data directory.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")]


@tokens.callback()
def stored_tokens() -> None:
    """Check stored access tokens, or encrypt them under the newest key."""


@tokens.command()
def check(
    *,
    seller: Annotated[
        str | None, typer.Option(help="The slug of the one seller to check; all of them otherwise.")
    ] = None,
    data_dir: DataDirectory = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Ask the platform about the token of every active connection. A dead one makes its connection unhealthy.

    Exit code 0 if all are alive and their connections healthy, 1 otherwise.
    """
    _join(data_dir)
    from app.cli.loop import run_with_servers
    from app.cli.token_reports import check_now

    is_well = run_with_servers(check_now(seller_slug=seller, as_json=as_json))
    raise typer.Exit(0 if is_well else 1)


@tokens.command()
def reencrypt(*, data_dir: DataDirectory = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Encrypt every token that is under an older key under the first key of TOKEN_ENCRYPTION_KEYS.

    Exit code 0 if none is left, 1 if keys are missing that some are under. May be broken off and begun again.
    """
    _join(data_dir)
    from app.cli.loop import run_with_servers
    from app.cli.token_reports import reencrypt_now

    is_done = run_with_servers(reencrypt_now(as_json=as_json))
    raise typer.Exit(0 if is_done else 1)


def _join(data_dir: Path) -> None:
    from app.cli.environment import given
    from app.cli.instance import join_instance

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
