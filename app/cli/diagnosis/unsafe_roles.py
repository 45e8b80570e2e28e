"""Refuses to start an api with a database URL that row-level security does not hold back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.engine import open_database
from app.database.start_check import StartCheck
from app.errors import UnsafeRoleError, WrongRoleError
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from app.configuration.settings import Settings

_log = get_logger(__name__)


async def refuse_unsafe_roles_at_start(settings: Settings) -> None:
    """Raise UnsafeRoleError. If the database is away, each connection is checked when it is made."""
    database = open_database(settings, process="api")
    try:
        await StartCheck(database).attempt()
    except UnsafeRoleError:
        raise
    except WrongRoleError as error:
        _log.warning("a database URL has the wrong role; not ready", reason=str(error))
    finally:
        await database.close()
