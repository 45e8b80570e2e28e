"""How often each account was called, and Meta's usage headers computed from it (Meta's documentation of rate limits).

The quota is a full-access app's, so percentages stay low by themselves; faults make a throttle when a test wants one.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_HOUR = timedelta(hours=1)
_MANAGEMENT_QUOTA = 100_000
_INSIGHTS_QUOTA = 190_000
_TIER = "standard_access"
INSIGHTS_EDGE = "insights"
NODE = "node"
"""The edge under which calls on a node itself are counted."""


class Usage:
    """Counts since the sandbox began, and the calls of the last hour."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._recent: dict[tuple[str, bool], deque[datetime]] = {}

    def record(self, account: str, edge: str) -> None:
        self._counts[account, edge] += 1
        self._recent.setdefault((account, edge == INSIGHTS_EDGE), deque()).append(clock.now())

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Account (or `me`) → edge → calls."""
        table: dict[str, dict[str, int]] = {}
        for (account, edge), count in sorted(self._counts.items()):
            table.setdefault(account, {})[edge] = count
        return table

    def headers(self, account_id: str, edge: str) -> Mapping[str, str]:
        """The usage headers of an answer about an account."""
        insights = edge == INSIGHTS_EDGE
        quota = _INSIGHTS_QUOTA if insights else _MANAGEMENT_QUOTA
        percent = round(100 * self._within_hour(f"act_{account_id}", insights=insights) / quota, 2)
        headers = {
            "X-Ad-Account-Usage": {
                "acc_id_util_pct": percent,
                "reset_time_duration": 0,
                "ads_api_access_tier": _TIER,
            },
            "X-Business-Use-Case-Usage": {
                account_id: [
                    {
                        "type": "ads_insights" if insights else "ads_management",
                        "call_count": int(percent),
                        "total_cputime": int(percent),
                        "total_time": int(percent),
                        "estimated_time_to_regain_access": 0,
                        "ads_api_access_tier": _TIER,
                    },
                ],
            },
        }
        if insights:
            headers["x-fb-ads-insights-throttle"] = {
                "app_id_util_pct": percent,
                "acc_id_util_pct": percent,
                "ads_api_access_tier": _TIER,
            }
        return {name: json.dumps(value, separators=(",", ":")) for name, value in headers.items()}

    def _within_hour(self, account: str, *, insights: bool) -> int:
        recent = self._recent.get((account, insights), deque())
        while recent and recent[0] < clock.now() - _HOUR:
            recent.popleft()
        return len(recent)
