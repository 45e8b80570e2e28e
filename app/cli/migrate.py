"""`pixecom migrate`: the database schema, up, down or compared."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from app.errors import SetupError


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    CHECK = "check"


def migrate(
    direction: Annotated[
        Direction, typer.Argument(help="up and down change the schema; check compares it with the code.")
    ] = Direction.UP,
    revision: Annotated[
        str | None, typer.Argument(help="Where to go: a revision, `head` (default of up) or `base` (default of down).")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Downgrade without asking, whatever data is lost.")] = False,
) -> None:
    """Migrate the database of MIGRATION_DATABASE_URL, as the role that owns the tables.

    Before a downgrade, lists what will be lost and asks for confirmation.
    """
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    from app.cli.migration_losses import confirm_losses
    from app.database import migration
    from app.settings import load_settings

    url = load_settings().migration_database_url
    if url is None:
        raise SetupError("MIGRATION_DATABASE_URL is required here: the URL of the role that owns the tables.")
    try:
        if direction is Direction.UP:
            migration.upgrade(url, revision or "head")
        elif direction is Direction.DOWN:
            if not yes:
                confirm_losses(url, revision or "base")
            migration.downgrade(url, revision or "base")
        else:
            migration.check(url)
    except CommandError as error:
        raise SetupError(f"The migration was not possible: {error}") from None
    except (OSError, DBAPIError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        if "lock timeout" in reason:
            raise SetupError(
                f"The migration waited {migration.LOCK_TIMEOUT} for a table that is in use and gave up; nothing was "
                "changed. Try again when no long transaction holds it."
            ) from None
        raise SetupError(f"MIGRATION_DATABASE_URL: {reason}. Start the server or correct the URL.") from None
