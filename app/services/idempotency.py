"""Does a thing once for one key of a user, and gives its answer again to that user's requests with that key."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

import orjson
from pydantic import TypeAdapter

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ConflictError, InputError
from app.queries.idempotency import RequestKey, keep_answer, release_key, take_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.services.context import Services

MAX_KEY_LENGTH = 200
_Answer = TypeVar("_Answer")


async def once(
    services: Services,
    key: RequestKey,
    *,
    request: object,
    answer_type: type[_Answer],
    work: Callable[[], Awaitable[_Answer]],
) -> _Answer:
    """The answer of `work`, or of the same request that was done under this key in the last 24 hours.

    `request` is anything orjson takes; `answer_type` a dataclass. Raises ConflictError when the key stands for
    another request, or while that request is still at work; InputError for a key that is empty or too long.
    """
    if not 0 < len(key.key) <= MAX_KEY_LENGTH:
        raise InputError("input.idempotencyKey", f"must have 1 to {MAX_KEY_LENGTH} characters")
    adapter = TypeAdapter(answer_type)
    digest = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).digest()
    async with tenant_transaction(services.database.app, key.seller_id) as driver:
        before = await take_key(driver, key, request_hash=digest, now=clock.now())
    if before is not None:
        if before.request_hash != digest:
            raise ConflictError("The key was used for a different request.")
        if before.answer is None:
            raise ConflictError("The request with this key is still in progress.")
        return adapter.validate_json(before.answer)
    try:
        answer = await work()
    except BaseException:
        async with tenant_transaction(services.database.app, key.seller_id) as driver:
            await release_key(driver, key)
        raise
    async with tenant_transaction(services.database.app, key.seller_id) as driver:
        await keep_answer(driver, key, answer=adapter.dump_json(answer).decode())
    return answer
