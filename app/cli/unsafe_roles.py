"""Refuses to start an api with a database URL that row-level security does not hold back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.database.engine import open_database
from app.errors import SetupError, UnsafeRoleError
from app.observability.logging import get_logger

if TYPE_CHECKING:
    from app.settings import Settings

SECONDS = 15.0
_log = get_logger(__name__)


async def refuse_unsafe_roles_at_start(settings: Settings) -> None:
    """Raise UnsafeRoleError. If the database is away, each connection is checked when it is made."""
    database = open_database(settings, process="api")
    try:
        async with asyncio.timeout(SECONDS):
            await database.check()
    except UnsafeRoleError:
        raise
    except (SetupError, TimeoutError) as error:
        _log.warning("could not check the database's roles yet; starting, not ready", reason=str(error))
    finally:
        await database.close()
