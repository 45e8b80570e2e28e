"""How often each account and page was called, and Meta's usage headers (Meta's documentation of rate limits).

The quota is a full-access app's, so percentages stay low by themselves; a script says otherwise when a test wants it.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_HOUR = timedelta(hours=1)
_TIER = "standard_access"


class UseCase(StrEnum):
    """What a quota is for. The value is Meta's `type` in X-Business-Use-Case-Usage."""

    INSIGHTS = "ads_insights"
    MANAGEMENT = "ads_management"
    PAGES = "pages"


_QUOTAS = {UseCase.INSIGHTS: 190_000, UseCase.MANAGEMENT: 100_000, UseCase.PAGES: 48_000}


class Load(NamedTuple):
    """How full a quota is, in percent; minutes and seconds until it is regained, as the two headers count them.

    `app_percent` is the whole app's, in a header of its own; None leaves that header out.
    """

    percent: float
    regain_minutes: int = 0
    reset_seconds: int = 0
    app_percent: float | None = None


class Usage:
    """Counts since the sandbox began, and the calls of the last hour."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._recent: dict[tuple[str, UseCase], deque[datetime]] = {}

    def record(self, account: str, edge: str, use_case: UseCase) -> None:
        """Count one call; `account` is `act_…`, a page's id, or `me`."""
        self._counts[account, edge] += 1
        self._recent.setdefault((account, use_case), deque()).append(clock.now())

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Account (or page, or `me`) → edge → calls."""
        table: dict[str, dict[str, int]] = {}
        for (account, edge), count in sorted(self._counts.items()):
            table.setdefault(account, {})[edge] = count
        return table

    def load(self, account: str, use_case: UseCase) -> Load:
        """What the calls of the last hour are of the quota."""
        recent = self._recent.get((account, use_case), deque())
        while recent and recent[0] < clock.now() - _HOUR:
            recent.popleft()
        return Load(round(100 * len(recent) / _QUOTAS[use_case], 2))

    def clear(self) -> None:
        self._counts.clear()
        self._recent.clear()


def usage_headers(object_id: str, use_case: UseCase, load: Load) -> Mapping[str, str]:
    """The usage headers of an answer about an account (its bare id) or a page."""
    whole = int(load.percent)
    headers: dict[str, object] = {
        "X-Business-Use-Case-Usage": {
            object_id: [
                {
                    "type": use_case,
                    "call_count": whole,
                    "total_cputime": whole,
                    "total_time": whole,
                    "estimated_time_to_regain_access": load.regain_minutes,
                    "ads_api_access_tier": _TIER,
                },
            ],
        },
    }
    if use_case is not UseCase.PAGES:
        headers["X-Ad-Account-Usage"] = {
            "acc_id_util_pct": load.percent,
            "reset_time_duration": load.reset_seconds,
            "ads_api_access_tier": _TIER,
        }
    if use_case is UseCase.INSIGHTS:
        headers["x-fb-ads-insights-throttle"] = {
            "app_id_util_pct": load.percent if load.app_percent is None else load.app_percent,
            "acc_id_util_pct": load.percent,
            "ads_api_access_tier": _TIER,
        }
    if load.app_percent is not None:
        app = int(load.app_percent)
        headers["X-App-Usage"] = {"call_count": app, "total_time": app, "total_cputime": app}
    return {name: json.dumps(value, separators=(",", ":")) for name, value in headers.items()}
