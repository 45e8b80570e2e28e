"""Requests that were answered already, by the key that their user's client gave them.

A key is one user's, within one seller: the same key of another user is another request.
"""

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


class RequestKey(NamedTuple):
    """What a request is known by; in the order of the table's primary key."""

    seller_id: UUID
    user_id: UUID
    operation: str
    key: str


class Answered(NamedTuple):
    """What stands under a key; `answer` is JSON text, None while the first request is still at work."""

    request_hash: bytes
    answer: str | None


_FORGET = """
DELETE FROM idempotent_requests
WHERE seller_id = $1
  AND user_id = $2
  AND operation = $3
  AND key = $4
  AND (created_at < $5 OR (answer IS NULL AND created_at < $6))
"""

_TAKE = """
INSERT INTO idempotent_requests (seller_id, user_id, operation, key, request_hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (seller_id, user_id, operation, key) DO NOTHING
RETURNING key
"""

_FIND = """
SELECT request_hash, answer::text AS answer
FROM idempotent_requests
WHERE seller_id = $1
  AND user_id = $2
  AND operation = $3
  AND key = $4
"""

_ANSWER = """
UPDATE idempotent_requests
SET answer = $5::text::jsonb
WHERE seller_id = $1
  AND user_id = $2
  AND operation = $3
  AND key = $4
"""

_RELEASE = """
DELETE FROM idempotent_requests
WHERE seller_id = $1
  AND user_id = $2
  AND operation = $3
  AND key = $4
  AND answer IS NULL
"""


async def take_key(driver: Driver, request: RequestKey, *, request_hash: bytes, now: datetime) -> Answered | None:
    """Take the key for this request (None), or see what stands under it."""
    await driver.execute(_FORGET, *request, now - KEPT, now - GIVEN_UP)
    while await driver.fetchval(_TAKE, *request, request_hash, now) is None:
        row = await driver.fetchrow(_FIND, *request)
        if row is not None:
            return Answered(row["request_hash"], row["answer"])
        # It was released in between: ours to take.
    return None


async def keep_answer(driver: Driver, request: RequestKey, *, answer: str) -> None:
    """Keep the answer (JSON text) of the request that took the key."""
    await driver.execute(_ANSWER, *request, answer)


async def release_key(driver: Driver, request: RequestKey) -> None:
    """Let the key be taken again: the request did nothing."""
    await driver.execute(_RELEASE, *request)
