"""The command line `pixecom`: registers the commands, each in its own file, and turns a SetupError into its sentence.

Heavy modules are imported inside the commands: `--help` answers at once.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli.commands.api import api
from app.cli.commands.backfill import backfill
from app.cli.commands.check import check
from app.cli.commands.doctor import doctor
from app.cli.commands.fix import fix
from app.cli.commands.logins import logins
from app.cli.commands.migrate import migrate
from app.cli.commands.sandbox import sandbox
from app.cli.commands.scheduler import scheduler
from app.cli.commands.seed import seed
from app.cli.commands.status import status
from app.cli.commands.sync import sync
from app.cli.commands.test import test
from app.cli.commands.token import token
from app.cli.commands.tokens import tokens
from app.cli.commands.up import up
from app.cli.commands.worker import worker
from app.errors import InputError, NotFoundError, PixecomError, ServerFailedError, SetupError


def _print_version(wanted: bool) -> None:  # as typer calls it
    if wanted:
        print(version("pixecom-ads"))
        raise typer.Exit


application = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@application.callback()
def door(
    *,
    print_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """PixEcom Ads: an ads manager backend. `pixecom up` runs the whole product on this machine."""


application.command()(up)
application.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(test)
for command in (fix, token, sync, backfill, status, doctor, logins, migrate, seed, api, worker, scheduler, sandbox):
    application.command()(command)
application.add_typer(check, name="check")
application.add_typer(tokens, name="tokens")


def main() -> None:
    """Run the command and exit: see `exit_code`."""
    try:
        application()
    except PixecomError as error:
        print(error, file=sys.stderr)
        sys.exit(exit_code(error))


def exit_code(error: PixecomError) -> int:
    """1 if something is wrong that calling the command differently would not change; 2 if it was used wrongly.

    Wrong options, names that do not exist, settings and places that can't be used are a wrong use. Reports exit with 1
    too if they find something wrong.
    """
    if isinstance(error, ServerFailedError):
        return 1
    return 2 if isinstance(error, SetupError | InputError | NotFoundError) else 1


if __name__ == "__main__":
    main()
