"""Records each login attempt: a row, a log line and a counter, none with the e-mail address in plain text.

A flood of failures must not fill the disk, so only the first refusal of a pause is written, and at most
LOGIN_EVENTS_PER_HOUR failures an hour, counted separately for users and for unknown addresses. Log lines are limited
by outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import login_record_transaction
from app.observability.line_limits import admits
from app.observability.logging import get_logger
from app.observability.prometheus import LOGINS
from app.queries.logins.trail import NewLoginEvent, insert_login_event
from app.vocabulary import LoginOutcome

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services
    from app.services.limits.login_limits import LoginAttempt

__all__ = ["record_login"]

FAILED = "login failed"
_log = get_logger(__name__)


async def record_login(
    services: Services,
    attempt: LoginAttempt,
    outcome: LoginOutcome,
    *,
    user_id: UUID | None = None,
    seller_id: UUID | None = None,
    writes: bool = True,
) -> None:
    """Count the attempt, log a failure, and write the row unless the hour's limit is reached."""
    LOGINS.labels(outcome).inc()
    if outcome is not LoginOutcome.SUCCEEDED:
        if admits(FAILED, outcome):
            _log.info(
                FAILED,
                outcome=outcome,
                account=attempt.account.hex(),
                address=attempt.address,
                user_id=str(user_id) if user_id else None,
            )
        writes = writes and await services.login_limits.may_write("users" if user_id else "strangers")
    if not writes:
        return
    event = NewLoginEvent(
        outcome=outcome,
        account_digest=attempt.account,
        address=attempt.address,
        user_id=user_id,
        seller_id=seller_id,
    )
    async with login_record_transaction(services.database.app) as driver:
        await insert_login_event(driver, event)
