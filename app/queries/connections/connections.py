"""Connections of one seller: found, listed, created, and what syncs learn about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.vocabulary import AccountStanding, ConnectionHealth, ConnectionKind, ConnectionTrouble, ProviderKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One row of fb_connections. The token is ciphertext here and nowhere shown."""

    id: UUID
    seller_id: UUID
    kind: ConnectionKind
    provider: ProviderKind
    external_id: str
    name: str
    time_zone: str
    currency: str
    is_active: bool
    standing: AccountStanding
    health: ConnectionHealth
    health_reason: str | None
    health_changed_at: datetime
    trouble: ConnectionTrouble | None
    backfill_requested_at: datetime | None
    created_at: datetime
    token_key_id: str | None = field(default=None, repr=False)
    token_ciphertext: bytes | None = field(default=None, repr=False)

    @property
    def is_usable(self) -> bool:
        """Work may be done for it."""
        return self.is_active and self.health is ConnectionHealth.HEALTHY


_COLUMNS = """id, seller_id, kind, provider, external_id, name, time_zone, currency, is_active, standing,
       health, health_reason, health_changed_at, health_class, backfill_requested_at, created_at, token_key_id,
       token_ciphertext"""

_FIND = f"""
SELECT {_COLUMNS}
FROM fb_connections
WHERE seller_id = $1
  AND id = $2
"""

# No key is changed by those who hold it, so that rows that refer to the connection can still be written.
_LOCK = f"{_FIND}FOR NO KEY UPDATE"


def _list_kind(kind: ConnectionKind) -> str:
    return f"""
SELECT {_COLUMNS}
FROM fb_connections
WHERE seller_id = $1
  AND kind = '{kind.value}'
  AND ($2::uuid[] IS NULL OR id = ANY($2))
ORDER BY id
"""


_LIST_ACCOUNTS = _list_kind(ConnectionKind.AD_ACCOUNT)
_LIST_PAGES = _list_kind(ConnectionKind.PAGE)

_LIST_WITH_TOKENS = f"""
SELECT {_COLUMNS}
FROM fb_connections
WHERE seller_id = $1
  AND is_active
  AND token_ciphertext IS NOT NULL
ORDER BY kind, name, id
"""


def _connection(row: Record) -> Connection:
    return Connection(
        id=row["id"],
        seller_id=row["seller_id"],
        kind=ConnectionKind(row["kind"]),
        provider=ProviderKind(row["provider"]),
        external_id=row["external_id"],
        name=row["name"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        is_active=row["is_active"],
        standing=AccountStanding(row["standing"]),
        health=ConnectionHealth(row["health"]),
        health_reason=row["health_reason"],
        health_changed_at=row["health_changed_at"],
        trouble=ConnectionTrouble(row["health_class"]) if row["health_class"] else None,
        backfill_requested_at=row["backfill_requested_at"],
        created_at=row["created_at"],
        token_key_id=row["token_key_id"],
        token_ciphertext=row["token_ciphertext"],
    )


async def find_connection(driver: Driver, *, seller_id: UUID, connection_id: UUID) -> Connection | None:
    """The seller's connection, or None."""
    row = await driver.fetchrow(_FIND, seller_id, connection_id)
    return _connection(row) if row else None


async def lock_connection(driver: Driver, *, seller_id: UUID, connection_id: UUID) -> Connection | None:
    """The seller's connection; until we commit, no one else who locks it writes its campaigns, ad sets and ads."""
    row = await driver.fetchrow(_LOCK, seller_id, connection_id)
    return _connection(row) if row else None


async def list_accounts(
    driver: Driver,
    *,
    seller_id: UUID,
    only: Sequence[UUID] | None = None,
) -> list[Connection]:
    """The seller's ad accounts, deactivated ones too, oldest first; `only` these, if given."""
    return await _list(driver, _LIST_ACCOUNTS, seller_id, only)


async def list_pages(
    driver: Driver,
    *,
    seller_id: UUID,
    only: Sequence[UUID] | None = None,
) -> list[Connection]:
    """The seller's pages, deactivated ones too, oldest first; `only` these, if given."""
    return await _list(driver, _LIST_PAGES, seller_id, only)


async def _list(driver: Driver, statement: str, seller_id: UUID, only: Sequence[UUID] | None) -> list[Connection]:
    rows = await driver.fetch(statement, seller_id, None if only is None else list(only))
    return [_connection(row) for row in rows]


async def list_connections_with_tokens(driver: Driver, *, seller_id: UUID) -> list[Connection]:
    """The seller's active connections that have a token, healthy or not."""
    return [_connection(row) for row in await driver.fetch(_LIST_WITH_TOKENS, seller_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A connection to be stored; the token encrypted for this seller and id."""

    id: UUID
    seller_id: UUID
    kind: ConnectionKind
    provider: ProviderKind
    external_id: str
    name: str
    time_zone: str
    currency: str
    is_primary: bool
    token_key_id: str | None = field(default=None, repr=False)
    token_ciphertext: bytes | None = field(default=None, repr=False)


_INSERT = """
INSERT INTO fb_connections (seller_id, id, kind, provider, external_id, name, time_zone, currency, is_primary,
                            is_active, standing, health, health_changed_at, token_key_id, token_ciphertext,
                            token_changed_at, stats_stretch, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, 'ACTIVE', 'HEALTHY', $12, $10, $11, $12, 1, $12, $12)
ON CONFLICT (seller_id, kind, external_id) DO NOTHING
RETURNING id
"""


async def insert_connection(driver: Driver, new: NewConnection, *, now: datetime) -> bool:
    """Store a connection; False when the seller has connected this thing before."""
    inserted = await driver.fetchval(
        _INSERT,
        new.seller_id,
        new.id,
        new.kind,
        new.provider,
        new.external_id,
        new.name,
        new.time_zone,
        new.currency,
        new.is_primary,
        new.token_key_id,
        new.token_ciphertext,
        now,
    )
    return inserted is not None


_APPLY_ACCOUNT = """
UPDATE fb_connections
SET name = $3, time_zone = $4, currency = $5, standing = $6, updated_at = $7, structure_synced_at = $8
WHERE seller_id = $1
  AND id = $2
"""


async def apply_account_facts(
    driver: Driver,
    connection: Connection,
    *,
    name: str,
    time_zone: str,
    currency: str,
    standing: AccountStanding,
    asked_at: datetime,
    now: datetime,
) -> None:
    """What the platform says of the account itself, at the end of a structure sync. `asked_at`: when it was asked."""
    await driver.execute(
        _APPLY_ACCOUNT,
        connection.seller_id,
        connection.id,
        name,
        time_zone,
        currency,
        standing,
        now,
        asked_at,
    )


_TAKE_BACKFILL = """
UPDATE fb_connections
SET backfill_requested_at = $3
WHERE seller_id = $1
  AND id = $2
  AND backfill_requested_at IS NULL
RETURNING id
"""


async def take_backfill(driver: Driver, connection: Connection, *, now: datetime) -> bool:
    """True for the one transaction that has to ask for the history of a new account."""
    return await driver.fetchval(_TAKE_BACKFILL, connection.seller_id, connection.id, now) is not None


_DELIVERY_SYNCED = """
UPDATE fb_connections
SET delivery_synced_at = $3
WHERE seller_id = $1
  AND id = $2
"""


async def mark_delivery_synced(driver: Driver, connection: Connection, *, now: datetime) -> None:
    """A delivery sync has ended well."""
    await driver.execute(_DELIVERY_SYNCED, connection.seller_id, connection.id, now)


_MARK_UNHEALTHY = """
UPDATE fb_connections
SET health = 'UNHEALTHY',
    health_class = $6,
    health_reason = $3,
    health_changed_at = CASE WHEN health_class = $6 THEN health_changed_at ELSE $4 END
WHERE seller_id = $1
  AND id = $2
  AND (token_changed_at IS NULL OR token_changed_at <= $5)
RETURNING id
"""


async def mark_connection_unhealthy(
    driver: Driver,
    *,
    seller_id: UUID,
    connection_id: UUID,
    trouble: ConnectionTrouble,
    reason: str,
    claimed_at: datetime,
    now: datetime,
) -> bool:
    """The platform refuses this connection; False when its token was changed after `claimed_at`."""
    marked = await driver.fetchval(_MARK_UNHEALTHY, seller_id, connection_id, reason, now, claimed_at, trouble)
    return marked is not None


_HAS_LIVE_CAMPAIGNS = """
SELECT EXISTS (
  SELECT FROM campaigns
  WHERE seller_id = $1
    AND account_id = $2
    AND (status IN ('ACTIVE', 'PAUSED', 'UNKNOWN') OR archived_at >= $3)
)
"""


async def has_campaigns_that_move(driver: Driver, connection: Connection, *, archived_since: datetime) -> bool:
    """At least one campaign is active, paused, or was archived so lately that its numbers still move."""
    return await driver.fetchval(_HAS_LIVE_CAMPAIGNS, connection.seller_id, connection.id, archived_since)
