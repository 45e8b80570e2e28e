"""Finds the demo's logins: those that work, where none should, and whether they exist, where they are offered.

Costs one lookup per demo address; `list_open_demo_logins` also a password check for each that exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.passwords import verify_password
from app.database.revision import is_of_another_schema
from app.database.transactions import login_transaction
from app.queries.logins.address_book import find_login
from app.services.demo.world import CSV_SELLER, DEMO_SELLERS

if TYPE_CHECKING:
    from app.services.context import Services

__all__ = ["OfferedLogins", "list_open_demo_logins"]

OK = "ok"
NONE_YET = "the demo logins that GraphiQL offers do not exist yet: run `pixecom seed`"


async def list_open_demo_logins(services: Services) -> list[str]:
    """The demo's e-mail addresses of active users that can log in with the demo's password."""
    logins = [seller.login for seller in (*DEMO_SELLERS, CSV_SELLER)]
    return [login.email for login in logins if await _is_open(services, login.email, login.password)]


async def _is_open(services: Services, email: str, password: str) -> bool:
    async with login_transaction(services.database.app, email) as driver:
        login = await find_login(driver, email)
    return login is not None and login.is_active and await verify_password(login.password_hash, password)


class OfferedLogins:
    """Whether the logins that DEMO_LOGIN offers exist. Asked at start only: once they do, it counts as answered."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._has_passed = False

    async def check(self) -> str:
        """For health checks: ok, or what is wrong. Raises the driver's error if the database is away."""
        self._has_passed = self._has_passed or await self._exist()
        return OK if self._has_passed else NONE_YET

    async def _exist(self) -> bool:
        try:
            return all([await self._exists(seller.login.email) for seller in DEMO_SELLERS])
        except Exception as error:
            if not is_of_another_schema(error):
                raise
            return False  # the schema's own check says so

    async def _exists(self, email: str) -> bool:
        async with login_transaction(self._services.database.app, email) as driver:
            return await find_login(driver, email) is not None
