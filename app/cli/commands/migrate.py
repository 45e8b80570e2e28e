"""`pixecom migrate`: the database schema, up, down or compared."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.errors import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from pydantic import SecretStr


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    CHECK = "check"


def migrate(
    direction: Annotated[
        Direction, typer.Argument(help="up and down change the schema; check compares it with the code.")
    ] = Direction.UP,
    revision: Annotated[
        str | None,
        typer.Argument(help="Where to go: a revision, `head` (the default of up) or `base`. down has no default."),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Downgrade without asking, whatever data is lost.")] = False,
) -> None:
    """Migrate the database schema up or down, or check it.

    Works on MIGRATION_DATABASE_URL, as the role that owns the tables, and needs no other setting. A downgrade first
    lists the data that would be lost, and asks for confirmation.
    """
    import asyncio

    from app.cli.failures.reachability import require_database
    from app.configuration.settings import load_migration_settings
    from app.database import migration

    url = load_migration_settings().migration_database_url
    asyncio.run(require_database("MIGRATION_DATABASE_URL", url.get_secret_value()))
    with _explained():
        if direction is Direction.UP:
            print(_upgrade(url, revision))
        elif direction is Direction.DOWN:
            print(_downgrade(url, revision, yes=yes))
        else:
            migration.check(url)
            print("The schema matches the code.")


def _upgrade(url: SecretStr, revision: str | None) -> str:
    from app.cli.diagnosis.migration_target import BASE, find_upgrade
    from app.database import migration

    current = migration.current_revision(url) or BASE
    target = find_upgrade(current, revision)
    migration.upgrade(url, target)  # even if it is there already, months may lack their partitions
    return _moved(current, target)


def _downgrade(url: SecretStr, revision: str | None, *, yes: bool) -> str:
    from app.cli.diagnosis.migration_losses import confirm_losses
    from app.cli.diagnosis.migration_target import BASE, find_downgrade
    from app.database import migration

    current = migration.current_revision(url) or BASE
    target = find_downgrade(current, revision)
    if target != current:
        if not yes:
            confirm_losses(url, target)
        migration.downgrade(url, target)
    return _moved(current, target)


def _moved(current: str, target: str) -> str:
    if current == target:
        return f"The schema is already at {target}."
    return f"Migrated the schema from {current} to {target}."


@contextmanager
def _explained() -> Generator[None]:
    """Raise ServerFailedError for what alembic and the database complain about."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    from app.cli.failures.failure_reason import reason_of
    from app.database.migration import LOCK_TIMEOUT

    try:
        yield
    except CommandError as error:
        raise ServerFailedError(f"The migration was not possible: {error}") from None
    except (OSError, DBAPIError) as error:
        reason = reason_of(error)
        if "lock timeout" in reason:
            raise ServerFailedError(
                f"The migration waited {LOCK_TIMEOUT} for a table that is in use and gave up; nothing was "
                "changed. Try again when no long transaction holds it."
            ) from None
        raise ServerFailedError(
            f"The database of MIGRATION_DATABASE_URL failed: {reason}. Start the server or correct the URL."
        ) from None
