"""Charges the caller for the bytes of a large body, before they are read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.http.requests.early_body import EARLY_BYTES
from app.http.requests.refusal import RequestRefused
from app.observability.prometheus import OPERATIONS_REFUSED
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from app.http.graphql.operation_gate import Payer

__all__ = ["FREE_BYTES", "BodyCharge"]

# 500 ids are 35 kB. Up to here a body has arrived before its request has a turn.
FREE_BYTES = EARLY_BYTES


class BodyCharge:
    """One request's. A byte beyond FREE_BYTES costs as much as a value of an answer."""

    def __init__(self, payer: Payer) -> None:
        self._payer = payer
        self._paid = FREE_BYTES

    async def __call__(self, size: int) -> None:
        """Pay for a body of this size, less what was paid for before. Raises RequestRefused with 429."""
        due, self._paid = size - self._paid, max(size, self._paid)
        if due <= 0:
            return
        charge = await self._payer.kept_in.charge(self._payer.buckets, due)
        if charge.refused is not None:
            OPERATIONS_REFUSED.labels(charge.refused.name).inc()
            raise _refused(charge.wait)


def _refused(wait: float) -> RequestRefused:
    """The rest of the body is not read, so the connection can't be used again."""
    seconds = max(1, math.ceil(wait))
    return RequestRefused(
        429,
        "Too many large requests; ask again later.",
        code=ErrorCode.RATE_LIMITED,
        headers={"Connection": "close", "Retry-After": str(seconds)},
        retry_after=seconds,
    )
