"""Stored access tokens of one seller's connections: checked, replaced, encrypted anew. Ciphertext only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A connection's token as its row keeps it."""

    connection_id: UUID
    key_id: str
    ciphertext: bytes = field(repr=False)


# The facts are of the token that was asked about: one that replaced it meanwhile has not been checked.
_NOTE_FACTS = """
UPDATE fb_connections
SET token_checked_at = $4,
    token_expires_at = CASE WHEN $5::timestamptz IS NULL AND NOT $7 THEN token_expires_at ELSE $5 END,
    token_scopes = coalesce($6, token_scopes)
WHERE seller_id = $1
  AND id = $2
  AND token_ciphertext IS NOT DISTINCT FROM $3
"""


async def note_token_facts(
    driver: Driver,
    connection: Connection,
    *,
    checked_at: datetime,
    expires_at: datetime | None,
    never_expires: bool,
    scopes: Sequence[str] | None,
) -> None:
    """What the platform said of the connection's token; what it did not say stays as it was known."""
    await driver.execute(
        _NOTE_FACTS,
        connection.seller_id,
        connection.id,
        connection.token_ciphertext,
        checked_at,
        expires_at,
        None if scopes is None else list(scopes),
        never_expires,
    )


_LIST_UNCHECKED = """
SELECT id
FROM fb_connections
WHERE seller_id = $1
  AND is_active
  AND health = 'HEALTHY'
  AND token_ciphertext IS NOT NULL
  AND (token_checked_at IS NULL OR token_checked_at < $2)
  AND ($3::uuid IS NULL OR id = $3)
ORDER BY id
"""


async def list_tokens_to_check(
    driver: Driver,
    *,
    seller_id: UUID,
    checked_before: datetime,
    only: UUID | None = None,
) -> Sequence[UUID]:
    """The seller's working connections, or `only` this one, whose token was not checked since then."""
    return [row["id"] for row in await driver.fetch(_LIST_UNCHECKED, seller_id, checked_before, only)]


_REPLACE = """
UPDATE fb_connections
SET token_key_id = $3,
    token_ciphertext = $4,
    token_changed_at = $5,
    token_checked_at = NULL,
    token_expires_at = NULL,
    token_scopes = NULL,
    health = 'HEALTHY',
    health_class = NULL,
    health_reason = NULL,
    health_changed_at = CASE WHEN health = 'HEALTHY' THEN health_changed_at ELSE $5 END,
    updated_at = $5
WHERE seller_id = $1
  AND id = $2
"""


async def replace_token(driver: Driver, token: StoredToken, *, seller_id: UUID, now: datetime) -> None:
    """Another token: nothing is known of it yet, so the connection is healthy until the platform refuses it."""
    await driver.execute(_REPLACE, seller_id, token.connection_id, token.key_id, token.ciphertext, now)


_ACCEPTED = """
UPDATE fb_connections
SET health = 'HEALTHY',
    health_class = NULL,
    health_reason = NULL,
    health_changed_at = $4,
    updated_at = $4
WHERE seller_id = $1
  AND id = $2
  AND token_ciphertext = $3
  AND is_active
  AND health_class = 'TOKEN'
RETURNING id
"""


async def mark_token_accepted(driver: Driver, connection: Connection, *, now: datetime) -> bool:
    """The connection's trouble with its token is over; False where it is another token or trouble by now."""
    healed = await driver.fetchval(_ACCEPTED, connection.seller_id, connection.id, connection.token_ciphertext, now)
    return healed is not None


_COUNT_BY_KEY = """
SELECT token_key_id, count(*) AS tokens
FROM fb_connections
WHERE seller_id = $1
  AND token_key_id IS NOT NULL
  AND token_ciphertext IS NOT NULL
GROUP BY token_key_id
"""


async def count_tokens_by_key(driver: Driver, *, seller_id: UUID) -> Mapping[str, int]:
    """How many of the seller's tokens are stored under each key's id."""
    return {row["token_key_id"]: row["tokens"] for row in await driver.fetch(_COUNT_BY_KEY, seller_id)}


_LIST_UNDER_OTHER_KEYS = """
SELECT id, token_key_id, token_ciphertext
FROM fb_connections
WHERE seller_id = $1
  AND token_key_id <> $2
  AND token_ciphertext IS NOT NULL
ORDER BY id
"""


async def list_tokens_under_other_keys(driver: Driver, *, seller_id: UUID, key_id: str) -> Sequence[StoredToken]:
    """The seller's tokens that are not encrypted under this key."""
    rows = await driver.fetch(_LIST_UNDER_OTHER_KEYS, seller_id, key_id)
    return [StoredToken(connection_id=row[0], key_id=row[1], ciphertext=row[2]) for row in rows]


_RESEAL = """
UPDATE fb_connections
SET token_key_id = $4, token_ciphertext = $5
WHERE seller_id = $1
  AND id = $2
  AND token_ciphertext = $3
RETURNING id
"""


async def reseal_token(driver: Driver, old: StoredToken, new: StoredToken, *, seller_id: UUID) -> bool:
    """The same token under another key; False when it was replaced meanwhile."""
    resealed = await driver.fetchval(
        _RESEAL,
        seller_id,
        old.connection_id,
        old.ciphertext,
        new.key_id,
        new.ciphertext,
    )
    return resealed is not None
