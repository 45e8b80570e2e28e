"""Requests that were answered already, by the key that their client gave them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver

KEPT = timedelta(hours=24)
# A request that has not answered by now was cut off; its key may be taken again.
GIVEN_UP = timedelta(minutes=5)


class Answered(NamedTuple):
    """What stands under a key; `answer` is JSON text, None while the first request is still at work."""

    request_hash: bytes
    answer: str | None


_FORGET = """
DELETE FROM idempotent_requests
WHERE seller_id = $1
  AND operation = $2
  AND key = $3
  AND (created_at < $4 OR (answer IS NULL AND created_at < $5))
"""

_TAKE = """
INSERT INTO idempotent_requests (seller_id, operation, key, request_hash, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (seller_id, operation, key) DO NOTHING
RETURNING key
"""

_FIND = """
SELECT request_hash, answer::text AS answer
FROM idempotent_requests
WHERE seller_id = $1
  AND operation = $2
  AND key = $3
"""

_ANSWER = """
UPDATE idempotent_requests
SET answer = $4::text::jsonb
WHERE seller_id = $1
  AND operation = $2
  AND key = $3
"""

_RELEASE = """
DELETE FROM idempotent_requests
WHERE seller_id = $1
  AND operation = $2
  AND key = $3
  AND answer IS NULL
"""


async def take_key(
    driver: Driver,
    *,
    seller_id: UUID,
    operation: str,
    key: str,
    request_hash: bytes,
    now: datetime,
) -> Answered | None:
    """Take the key for this request (None), or see what stands under it."""
    await driver.execute(_FORGET, seller_id, operation, key, now - KEPT, now - GIVEN_UP)
    while await driver.fetchval(_TAKE, seller_id, operation, key, request_hash, now) is None:
        row = await driver.fetchrow(_FIND, seller_id, operation, key)
        if row is not None:
            return Answered(row["request_hash"], row["answer"])
        # It was released in between: ours to take.
    return None


async def keep_answer(driver: Driver, *, seller_id: UUID, operation: str, key: str, answer: str) -> None:
    """Keep the answer (JSON text) of the request that took the key."""
    await driver.execute(_ANSWER, seller_id, operation, key, answer)


async def release_key(driver: Driver, *, seller_id: UUID, operation: str, key: str) -> None:
    """Let the key be taken again: the request did nothing."""
    await driver.execute(_RELEASE, seller_id, operation, key)
