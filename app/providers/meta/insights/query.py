"""What one insights query asks for, and how it is cut into smaller ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.providers.meta.rows.insight_fields import insight_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

# How many campaigns one part of a cut query names at most.
CAMPAIGNS_PER_PART = 50
_LEVELS = {Level.ACCOUNT: "account", Level.CAMPAIGN: "campaign", Level.ADSET: "adset", Level.AD: "ad"}


class InsightQuery(NamedTuple):
    """One row per entity and day; both days are included, as in Meta's `time_range`.

    `campaign_ids` None: the whole account.
    """

    level: Level
    since: date
    until: date
    campaign_ids: tuple[str, ...] | None = None

    @property
    def edge(self) -> str:
        """What the query's page size is remembered under: the rows of the levels differ in weight."""
        return f"insights/{_LEVELS[self.level]}"

    @property
    def has_campaigns(self) -> bool:
        """The rows are those of the campaigns one by one. At ACCOUNT level they would be parts of rows."""
        return self.level is not Level.ACCOUNT

    def params(self) -> dict[str, str]:
        """Under the account's default attribution setting."""
        params = {
            "level": _LEVELS[self.level],
            "time_range": self._time_range(),
            "time_increment": "1",
            "fields": insight_fields(self.level),
        }
        if self.campaign_ids is not None:
            named = {"field": "campaign.id", "operator": "IN", "value": self.campaign_ids}
            params["filtering"] = compact_json([named])
        return params

    def campaign_params(self) -> dict[str, str]:
        """Asks only which campaigns delivered: one row each for all days, those that no edge names any more too."""
        return {"level": "campaign", "time_range": self._time_range(), "fields": "campaign_id"}

    def of_campaigns(self, campaign_ids: Sequence[str]) -> list[InsightQuery]:
        """The same days, some campaigns at a time."""
        size = min(CAMPAIGNS_PER_PART, max(1, -(-len(campaign_ids) // 2)))
        starts = range(0, len(campaign_ids), size)
        return [self._replace(campaign_ids=tuple(campaign_ids[start : start + size])) for start in starts]

    def of_half_the_days(self) -> list[InsightQuery]:
        """Both halves of the days; one day can't be halved and gives none."""
        if self.since == self.until:
            return []
        middle = self.since + (self.until - self.since) // 2
        return [self._replace(until=middle), self._replace(since=middle + timedelta(days=1))]

    def _time_range(self) -> str:
        return compact_json({"since": self.since.isoformat(), "until": self.until.isoformat()})


def compact_json(value: Mapping[str, object] | Sequence[object]) -> str:
    """Nested parameters are JSON in text, compact and with sorted keys as the official SDK sends them."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
