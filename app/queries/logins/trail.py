"""The login trail: rows are inserted with the database's time and deleted by a function of the tables' owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from app.identifiers import new_id
from app.vocabulary import LoginOutcome

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLoginEvent:
    """`user_id` is None if the e-mail address belongs to no user, `seller_id` if the login failed."""

    outcome: LoginOutcome
    account_digest: bytes
    address: str
    user_id: UUID | None
    seller_id: UUID | None


class LoginEvent(NamedTuple):
    """A stored one. `seller` is the slug of the seller that was chosen, None if the login failed."""

    created_at: datetime
    outcome: LoginOutcome
    account_digest: bytes
    address: str
    user_id: UUID | None
    seller: str | None


_INSERT = """
INSERT INTO login_events (id, created_at, outcome, account_digest, address, user_id, seller_id)
VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6)
"""

_FORGET = """
SELECT forget_login_events($1, $2)
"""


_LIST = """
SELECT events.created_at, events.outcome, events.account_digest, events.address, events.user_id, sellers.slug
FROM login_events AS events
LEFT JOIN sellers ON sellers.id = events.seller_id
WHERE events.created_at > now() - $1::interval
  AND ($2::bytea IS NULL OR events.account_digest = $2)
  AND ($3::text IS NULL OR events.outcome = $3)
ORDER BY events.created_at DESC, events.id DESC
LIMIT $4
"""


async def list_login_events(
    driver: Driver,
    *,
    within: timedelta,
    account_digest: bytes | None,
    outcome: LoginOutcome | None,
    limit: int,
) -> list[LoginEvent]:
    """The newest first, of all sellers; must run as the system role."""
    rows = await driver.fetch(_LIST, within, account_digest, outcome, limit)
    return [LoginEvent(*row)._replace(outcome=LoginOutcome(row["outcome"])) for row in rows]


async def insert_login_event(driver: Driver, event: NewLoginEvent) -> None:
    """Must run in a `login_record_transaction`."""
    await driver.execute(
        _INSERT,
        new_id(),
        event.outcome,
        event.account_digest,
        event.address,
        event.user_id,
        event.seller_id,
    )


async def forget_login_events(driver: Driver, *, kept_days: int, at_most: int) -> int:
    """Delete the oldest rows past this age and return how many; rows of the last 30 days are never deleted."""
    return await driver.fetchval(_FORGET, kept_days, at_most)
