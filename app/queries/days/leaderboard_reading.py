"""Leaderboards as they were written, and entities of several of them put into one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics import expressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.definitions import Metric
    from app.metrics.levels import Level


class BoardKey(NamedTuple):
    """The leaderboards of a day at one level by one metric: one for each currency."""

    level: Level
    stat_date: date
    metric: str


class Board(NamedTuple):
    """A leaderboard: its entities best first, and how many took part."""

    currency: str
    entity_ids: list[UUID]
    entities: int
    is_final: bool
    ranked_at: datetime


_LIST_BOARDS = """
SELECT asked.place, boards.currency, boards.entity_ids, boards.entities, boards.is_final, boards.ranked_at
FROM unnest($2::smallint[], $3::date[], $4::text[]) WITH ORDINALITY AS asked (level, stat_date, metric, place)
JOIN leaderboards AS boards ON boards.seller_id = $1
                           AND boards.level = asked.level
                           AND boards.stat_date = asked.stat_date
                           AND boards.metric = asked.metric
ORDER BY asked.place, boards.currency
"""

_ORDER_ENTITIES = """
SELECT stats.entity_id
FROM ad_stats_daily AS stats
WHERE stats.seller_id = $1
  AND stats.level = $2
  AND stats.stat_date = $3
  AND stats.entity_id = ANY($4::uuid[])
ORDER BY {key} DESC NULLS LAST, stats.entity_id
"""


async def list_boards(driver: Driver, seller_id: UUID, asked: Sequence[BoardKey]) -> list[list[Board]]:
    """The leaderboards of each key, by currency; by one statement."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    found: list[list[Board]] = [[] for _ in asked]
    for record in await driver.fetch(_LIST_BOARDS, seller_id, *columns):
        place: int = record[0]
        found[place - 1].append(Board(*list(record)[1:]))
    return found


async def order_entities(
    driver: Driver, seller_id: UUID, key: BoardKey, metric: Metric, entity_ids: Iterable[UUID]
) -> list[UUID]:
    """Entities of a day best first by a metric, from the day's rows as they are now; ties in the order of their ids."""
    text = _ORDER_ENTITIES.format(key=expressions.rank_key(metric, expressions.columns_of("stats")))
    records = await driver.fetch(text, seller_id, key.level, key.stat_date, list(entity_ids))
    return [record[0] for record in records]
