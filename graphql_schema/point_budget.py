"""How many points the series of one operation may have, and in which turns they are built."""

from __future__ import annotations

import asyncio

from graphql_schema.errors import too_many_points

MAX_POINTS = 15_000
AT_ONCE = 500  # are built and written in some 20 ms


class PointBudget:
    """One operation's. All its series count, whatever field, alias or parent they are of."""

    def __init__(self) -> None:
        self._asked = 0
        self._built = 0

    async def spend(self, points: int) -> None:
        """Count them, before anything of them is read. Raises a QUERY_TOO_COMPLEX error when they are too many."""
        self._asked += points
        await asyncio.sleep(0)  # so that all series of a level are counted before any of them goes on
        if self._asked > MAX_POINTS:
            raise too_many_points(points=self._asked, limit=MAX_POINTS)

    async def take_turn(self, points: int) -> None:
        """Wait until they may be built: the event loop serves others after every few of an operation's points."""
        turn, self._built = self._built // AT_ONCE, self._built + points
        for _ in range(turn):
            await asyncio.sleep(0)
