"""Finds demo logins that work. Costs one lookup per demo address, and a password check for each that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.passwords import verify_password
from app.database.transactions import login_transaction
from app.queries.logins import find_login
from app.services.demo_world import CSV_SELLER, DEMO_SELLERS

if TYPE_CHECKING:
    from app.services.context import Services

__all__ = ["list_open_demo_logins"]


async def list_open_demo_logins(services: Services) -> list[str]:
    """The demo's e-mail addresses of active users that can log in with the demo's password."""
    logins = [seller.login for seller in (*DEMO_SELLERS, CSV_SELLER)]
    return [login.email for login in logins if await _is_open(services, login.email, login.password)]


async def _is_open(services: Services, email: str, password: str) -> bool:
    async with login_transaction(services.database.app, email) as driver:
        login = await find_login(driver, email)
    return login is not None and login.is_active and await verify_password(login.password_hash, password)
