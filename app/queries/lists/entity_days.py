"""Where the numbers of an entity's days come from: daily rows, or the snapshots that were there at a past instant.

The one place that knows both tables: everything that sums, orders or filters by numbers reads through it. (The
snapshots themselves are listed by `app.queries.numbers.snapshots`.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics import expressions
from app.metrics.counters import Counters

if TYPE_CHECKING:
    from app.metrics.levels import Level

# The rows of entity days are called `s`.
COLUMNS = expressions.columns_of("s")
SUMS = expressions.select_list(expressions.sums(COLUMNS))
TOTAL = f"{SUMS},\ncount(*) AS days,\nmax(s.fetched_at) AS fetched_at"  # and how many rows, and the newest of them
EMPTY = ", ".join("0" for _ in Counters._fields)


class Bounds(NamedTuple):
    """SQL of an entity's id, of its first and last day, and of the instant whose knowledge counts (None: now)."""

    entity: str
    from_date: str
    to_date: str
    as_of: str | None = None


def rows_of(level: Level, bounds: Bounds) -> str:
    """FROM and WHERE of one entity's days, as `s`: stat_date, the counters, fetched_at.

    The days are bounds of a scan of their own: only so a range reaches the index, hence LATERAL wherever this stands.
    """
    if bounds.as_of is None:
        return f"FROM ad_stats_daily AS s\nWHERE {_these_days('s', level, bounds)}"
    return f"""FROM (
    SELECT DISTINCT ON (r.stat_date) r.*
    FROM ad_stats_raw AS r
    WHERE {_these_days("r", level, bounds)}
      AND r.fetched_at <= {bounds.as_of}
    ORDER BY r.stat_date, r.fetched_at DESC
) AS s"""


def _these_days(alias: str, level: Level, bounds: Bounds) -> str:
    return f"""{alias}.seller_id = $1
  AND {alias}.level = {int(level)}
  AND {alias}.entity_id = {bounds.entity}
  AND {alias}.stat_date BETWEEN {bounds.from_date} AND {bounds.to_date}"""
