"""The services of a command that reads or writes times, which follows the database's clock like every process."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.cli.failures.reachability import answers_soon
from app.services.context import open_services

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.services.context import Services


@asynccontextmanager
async def open_command_services(settings: Settings, *, process: str = "cli") -> AsyncGenerator[Services]:
    """Raises SetupError for roles other than the two, and the driver's error if the database is away.

    With another role a command would find nothing and call it well. Only connecting has a deadline, since what the
    command then asks may take long: ServerFailedError for a database, such as one behind a paused pooler, that does
    not answer.
    """
    async with open_services(settings, process=process) as services:
        async with answers_soon():
            await services.database.check_roles()
            await services.clock.measure()
        yield services
