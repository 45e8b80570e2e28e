"""Checks whether demo logins, which have publicly known passwords, work on a production installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.configuration.settings import Environment
from app.database.outage import is_outage
from app.errors import SetupError
from app.observability.logging import get_logger
from app.services.context import open_services
from app.services.demo.logins import list_open_demo_logins

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.services.context import Services

_REMEDY = (
    "UPDATE users SET is_active = false FROM login_emails "
    "WHERE user_id = users.id AND email LIKE '%@demo.pixecom.example';"
)
_log = get_logger(__name__)


async def refuse_demo_logins_at_start(settings: Settings) -> None:
    """Raise SetupError if a demo login works in production. Skipped if the database is away."""
    if settings.environment is not Environment.PRODUCTION:
        return
    try:
        async with open_services(settings, process="cli") as services:
            await _refuse_open_logins(services)
    except Exception as error:
        if not is_outage(error):
            raise
        _log.warning("could not check for demo logins: the database does not answer", error=type(error).__name__)


async def examine_demo_logins(settings: Settings) -> str:
    """The result as text. Raises SetupError for the wrong roles, and if a demo login works in production."""
    if settings.environment is not Environment.PRODUCTION:
        return "not checked: not in production"
    async with open_services(settings, process="cli") as services:
        await services.database.check_roles()  # another role would see no logins
        await _refuse_open_logins(services)
    return "none works"


async def _refuse_open_logins(services: Services) -> None:
    """Raise SetupError, with the remedy, if a demo login works."""
    emails = await list_open_demo_logins(services)
    if emails:
        raise SetupError(
            f"The demo's publicly known password logs in as {', '.join(emails)}. "
            f"Deactivate these users, as the role that owns the tables: {_REMEDY}"
        )
