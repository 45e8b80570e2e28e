"""Ranking a seller's day at every level: provisionally in the morning after it, finally when all accounts closed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.metrics.levels import Level
from app.observability.prometheus import ROWS_WRITTEN
from app.queries.closed_days import is_day_closed
from app.queries.leaderboards import BoardsOfDay, write_leaderboards

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services

RANKED_LEVELS = (Level.CAMPAIGN, Level.ADSET, Level.AD)


async def rank_day(driver: Driver, services: Services, *, seller_id: UUID, day: date) -> int:
    """Write the day's leaderboards in the caller's transaction; answers how many changed.

    They are final where every account that has the day has closed it. The caller holds the lock of the seller's totals.
    """
    is_final = await is_day_closed(driver, seller_id, day)
    changed = 0
    for level in RANKED_LEVELS:
        boards = BoardsOfDay(stat_date=day, level=level, size=services.settings.leaderboard_size, is_final=is_final)
        changed += await write_leaderboards(driver, seller_id, boards, now=clock.now())
    ROWS_WRITTEN.labels("leaderboards").inc(changed)
    return changed
