"""Answers without any row for days of which spend is stored: looked at once more, and believed within bounds.

No row means that there was nothing, which takes back what was known. A platform in trouble answers so too. A level that
is empty below one with spend contradicts it: its days stay as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.providers.meta.walks.patience import WalkPatience
from app.providers.sync_warnings import Subject
from app.queries.stats.known_spend import list_days_with_spend
from app.services.stats.day_content import DayGaps
from app.services.stats.day_reading import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from app.providers.contract import AdProvider
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.lease import Lease
    from app.services.jobs.new_jobs import StatsUnit
    from app.services.stats.day_content import FetchedDay
    from app.services.stats.day_reading import Part

TAKEN_BACK = (
    "The platform was asked twice and has nothing for this day any more; the numbers that were known are now 0."
)
KEPT = "The platform has nothing for this day though a level above has spend on it; what was known of it stays."
# The pause before the second look, as the third of a walk's long ones: 4 s where META_RETRY_PAUSE_SECONDS is 1.
_PAUSE = 3


class EmptyAnswers:
    """Those that one job gets for its account and level."""

    def __init__(self, services: Services, connection: Connection, unit: StatsUnit, lease: Lease) -> None:
        self._services = services
        self._connection = connection
        self._unit = unit
        self._lease = lease
        self._patience = WalkPatience(retry_pause=services.settings.meta_retry_pause_seconds)

    async def look_again(self, provider: AdProvider, part: Part, *, entities: int) -> Part:
        """The part, read once more if it is empty and spend is known of its days. Raises ProviderError."""
        if not _is_empty(part) or not await self._days_with_spend(part):
            return part
        await self._patience.long_pause(_PAUSE)
        asked = self._unit._replace(from_date=part.from_date, to_date=part.to_date)
        fetched_at = clock.now()
        return part._replace(fetched_at=fetched_at, rows=await read_rows(provider, asked, entities=entities))

    async def judge(self, part: Part, days: Sequence[FetchedDay]) -> Sequence[FetchedDay]:
        """The days of the part, those of an empty one that can't be believed with a gap; each with spend is named."""
        if not _is_empty(part):
            return days
        known = await self._days_with_spend(part)
        for day, is_above in known.items():
            self._lease.warnings.note(Subject.INSIGHTS_ROW, KEPT if is_above else TAKEN_BACK, day=day)
        return [
            each._replace(content_hash=None, gaps=DayGaps(is_open=True)) if known.get(each.stat_date) else each
            for each in days
        ]

    async def _days_with_spend(self, part: Part) -> Mapping[date, bool]:
        async with tenant_transaction(self._services.database.app, self._connection.seller_id) as driver:
            return await list_days_with_spend(driver, self._connection, self._unit.level, part.from_date, part.to_date)


def _is_empty(part: Part) -> bool:
    return not part.rows and not part.rows.gaps
