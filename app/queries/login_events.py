"""The login trail: rows are inserted with the database's time and deleted by a function of the tables' owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.identifiers import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.vocabulary import LoginOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLoginEvent:
    """`user_id` is None if the e-mail address belongs to no user, `seller_id` if the login failed."""

    outcome: LoginOutcome
    account_digest: bytes
    address: str
    user_id: UUID | None
    seller_id: UUID | None


_INSERT = """
INSERT INTO login_events (id, created_at, outcome, account_digest, address, user_id, seller_id)
VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6)
"""

_FORGET = """
SELECT forget_login_events($1, $2)
"""


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
