"""What became of a seller's day: whose data did not arrive, and that it was aggregated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from app.job_kinds import DAY_ROUND
from app.queries.jobs.kind_list import kind_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver, Record


class ConnectionOutcome(NamedTuple):
    """A connection of a day's round; `missing` says why its day is not all there, None that it is."""

    connection_id: UUID
    name: str
    missing: str | None


# The newest job of each unit counts: what failed may have been done again.
_OUTCOMES = f"""
WITH newest AS (
  SELECT DISTINCT ON (key) connection_id, state, error_reason
  FROM jobs
  WHERE seller_id = $1
    AND kind IN {kind_list(DAY_ROUND)}
    AND coalesce(unit ->> 'day', unit ->> 'from') = $2
  ORDER BY key, id DESC
),
asked AS (
  SELECT connection_id,
         bool_and(state = 'SUCCEEDED') AS arrived,
         min(error_reason) FILTER (WHERE state = 'FAILED') AS failure,
         bool_or(state = 'CANCELLED') AS cancelled
  FROM newest
  GROUP BY connection_id
)
SELECT connections.id, connections.name, connections.health_reason,
       asked.connection_id IS NOT NULL AS was_asked, asked.arrived, asked.failure, asked.cancelled
FROM fb_connections AS connections
LEFT JOIN asked ON asked.connection_id = connections.id
WHERE connections.seller_id = $1
  AND connections.kind IN ('AD_ACCOUNT', 'PAGE')
  AND (asked.connection_id IS NOT NULL
       OR (connections.is_active AND connections.health = 'UNHEALTHY'))
ORDER BY connections.id
"""

_WRITE = """
INSERT INTO daily_aggregations (seller_id, stat_date, aggregated_at, connections, missing)
VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (seller_id, stat_date) DO UPDATE
SET aggregated_at = excluded.aggregated_at,
    connections = excluded.connections,
    missing = excluded.missing
"""


async def list_outcomes(driver: Driver, seller_id: UUID, day: date) -> list[ConnectionOutcome]:
    """The connections that were asked for this day, and those that could not be asked as the platform refuses them."""
    return [_outcome(row) for row in await driver.fetch(_OUTCOMES, seller_id, day.isoformat())]


async def write_aggregation(
    driver: Driver, seller_id: UUID, day: date, outcomes: Sequence[ConnectionOutcome], *, now: datetime
) -> None:
    """Note that the day was aggregated, over which connections, and which of them are missing."""
    missing = [
        {"connection_id": str(outcome.connection_id), "name": outcome.name, "reason": outcome.missing}
        for outcome in outcomes
        if outcome.missing is not None
    ]
    await driver.execute(_WRITE, seller_id, day, now, len(outcomes), orjson.dumps(missing).decode())


def _outcome(row: Record) -> ConnectionOutcome:
    return ConnectionOutcome(row["id"], row["name"], None if row["arrived"] else _reason(row))


def _reason(row: Record) -> str:
    if not row["was_asked"]:
        return row["health_reason"] or "the platform refuses the connection"
    if row["failure"]:
        return row["failure"]
    return "its ingestion was cancelled" if row["cancelled"] else "its ingestion has not ended yet"
