"""Monthly partitions of the raw snapshots: how they are named and made. Each carries its own wall.

A partition that is queried by its own name skips its parent's policies, so it gets the same policy, and nobody but
the owner is granted anything on it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW_TABLE = "ad_stats_raw"
CURRENT_SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
MONTHS_AHEAD = 13
"""How many months after the current one have their partitions already."""
RAW_PARTITION_PATTERN = rf"^{RAW_TABLE}_\d{{4}}_\d{{2}}$"


def month_start(day: date, *, offset: int = 0) -> date:
    """The first day of the month of `day`, `offset` months later."""
    index = day.year * 12 + day.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """First days of all months from that of `first` to that of `last`."""
    month = month_start(first)
    while month <= last:
        yield month
        month = month_start(month, offset=1)


def partition_name(month: date) -> str:
    return f"{RAW_TABLE}_{month:%Y_%m}"


def create_statements(month: date) -> tuple[str, ...]:
    """The statements that make one month's partition with its wall; harmless where it stands already."""
    name, following = partition_name(month), month_start(month, offset=1)
    return (
        f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {RAW_TABLE} FOR VALUES FROM ('{month}') TO ('{following}')",
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant_isolation ON {name}",
        f"CREATE POLICY tenant_isolation ON {name} USING (seller_id = {CURRENT_SELLER})",
    )
