"""How many points the series of one operation may have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from graphql_schema.errors import too_many_points

if TYPE_CHECKING:
    from graphql_schema.fields.turns import Turns

MAX_POINTS = 15_000


class PointBudget:
    """One per operation. All of its series count, under any field, alias or parent."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._asked = 0

    async def spend(self, points: int) -> None:
        """Count points before they are read. Raises a QUERY_TOO_COMPLEX error if there are too many."""
        self._asked += points
        self._turns.stir()
        await asyncio.sleep(0)  # so that all series of a level are counted before any of them is read
        await self._turns.settled()
        if self._asked > MAX_POINTS:
            raise too_many_points(points=self._asked, limit=MAX_POINTS)
