"""The trail of logins: written once, by the database's clock; read by sellers; forgotten by a function of the owner."""

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
    """`user_id` is null for an address that is no user's, `seller_id` for a login that failed."""

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
    """In a transaction opened for a login's record."""
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
    """Delete the oldest of those past their age; answers how many went. Those of 30 days stay, whoever asks."""
    return await driver.fetchval(_FORGET, kept_days, at_most)
