"""Reads the login trail for an operator, across sellers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.account_digest import account_digest
from app.database.transactions import across_tenants
from app.queries.logins.trail import list_login_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from app.queries.logins.trail import LoginEvent
    from app.services.context import Services
    from app.vocabulary import LoginOutcome

__all__ = ["LoginQuestion", "list_logins"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginQuestion:
    """Which logins, at most `limit`; None means any."""

    within: timedelta
    email: str | None
    outcome: LoginOutcome | None
    limit: int


async def list_logins(services: Services, question: LoginQuestion) -> Sequence[LoginEvent]:
    """The newest first. An e-mail address finds what was recorded under the present AUTH_SECRET."""
    digest = None
    if question.email is not None:
        digest = account_digest(question.email.strip().lower(), services.settings.auth_secret)
    async with across_tenants(services.database.system) as driver:
        return await list_login_events(
            driver, within=question.within, account_digest=digest, outcome=question.outcome, limit=question.limit
        )
