"""Statuses that we set: the entities a request names, what became of them, and the audit trail of all changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from app.identifiers import new_id
from app.queries.structure.structure import TABLES
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.metrics.levels import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An entity whose status is to be set."""

    id: UUID
    account_id: UUID
    external_id: str
    status: EntityStatus


_LOAD = {
    level: f"""
SELECT id, account_id, external_id, status
FROM {table}
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
"""
    for level, table in TABLES.items()
}

# Locked in the order in which syncs lock them.
_LOCK = {
    level: f"""
SELECT id, account_id, external_id, status
FROM {table}
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
ORDER BY external_id
FOR NO KEY UPDATE
"""
    for level, table in TABLES.items()
}

_APPLY = {
    level: f"""
UPDATE {table}
SET status = $3, status_changed_at = $4, updated_at = $4
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
"""
    for level, table in TABLES.items()
}


async def load_targets(
    driver: Driver,
    *,
    seller_id: UUID,
    level: Level,
    ids: Sequence[UUID],
) -> Mapping[UUID, Target]:
    """Those of the ids that are the seller's, by id."""
    return {row["id"]: _target(row) for row in await driver.fetch(_LOAD[level], seller_id, list(ids))}


async def lock_targets(driver: Driver, *, seller_id: UUID, level: Level, ids: Sequence[UUID]) -> list[Target]:
    """The same, as they are now, in the order of the platform's ids; no one else changes them until we commit."""
    return [_target(row) for row in await driver.fetch(_LOCK[level], seller_id, list(ids))]


def _target(row: Record) -> Target:
    return Target(
        id=row["id"],
        account_id=row["account_id"],
        external_id=row["external_id"],
        status=EntityStatus(row["status"]),
    )


async def apply_status(
    driver: Driver,
    *,
    seller_id: UUID,
    level: Level,
    ids: Sequence[UUID],
    status: EntityStatus,
    now: datetime,
) -> None:
    """Write a status that the platform has accepted to rows that the caller has locked."""
    await driver.execute(_APPLY[level], seller_id, list(ids), status, now)


# The action of a change that was made on the platform and that a sync of ours saw.
SEEN_STATUS = "seenStatus"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change to one thing: from what to what, and what the platform answered (None: it was not asked)."""

    subject_type: str
    subject_id: UUID
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    platform_answer: Mapping[str, object] | None


_INSERT_EVENTS = """
INSERT INTO audit_events (seller_id, id, batch_id, actor_id, action, subject_type, subject_id, before, after,
                          platform_answer, correlation_id, created_at)
SELECT $1, id, $2, $3, action, subject_type, subject_id, before::jsonb, after::jsonb, answer::jsonb, $4, $5
FROM unnest($6::uuid[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[], $12::text[])
  AS new (id, action, subject_type, subject_id, before, after, answer)
"""


async def insert_audit_events(
    driver: Driver,
    entries: Sequence[AuditEntry],
    *,
    seller_id: UUID,
    batch_id: UUID,
    actor_id: UUID | None,
    correlation_id: str | None,
    now: datetime,
) -> None:
    """Record changes, in the transaction that makes them."""
    await driver.execute(
        _INSERT_EVENTS,
        seller_id,
        batch_id,
        actor_id,
        correlation_id,
        now,
        [new_id() for _ in entries],
        [entry.action for entry in entries],
        [entry.subject_type for entry in entries],
        [entry.subject_id for entry in entries],
        [orjson.dumps(entry.before).decode() for entry in entries],
        [orjson.dumps(entry.after).decode() for entry in entries],
        [None if entry.platform_answer is None else orjson.dumps(entry.platform_answer).decode() for entry in entries],
    )
