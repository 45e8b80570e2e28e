from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest_asyncio

from app.providers.sandbox.world.worlds import DEMO_ACCESS_TOKEN, DEMO_ACCOUNT_ID, demo_world
from tests.sandbox.asking import Asking, asking

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

ACCOUNT = f"act_{DEMO_ACCOUNT_ID}"
TODAY = date(2026, 11, 22)
MORNING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # 08:00 there
NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
EVERY_STATUS = [
    "ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED", "PENDING_REVIEW",
    "DISAPPROVED", "PREAPPROVED",
]  # fmt: skip
METRICS = "spend,impressions,inline_link_clicks,actions,action_values"
FIRST_AD = "1202300000010101"
FIRST_CAMPAIGN = "1202100000010000"


@pytest_asyncio.fixture
async def demo() -> AsyncGenerator[Asking]:
    async with asking(demo_world(today=TODAY), token=DEMO_ACCESS_TOKEN, at=NOON) as asked:
        yield asked


async def spent(demo: Asking, node: str, **params: object) -> int:
    """Cents."""
    rows = await demo.rows(f"{node}/insights", fields="spend", **params)
    return sum(round(float(str(row["spend"])) * 100) for row in rows)


async def test_the_account_holds_every_state_of_delivery(demo: Asking) -> None:
    async def states(edge: str) -> Counter[object]:
        params = {"fields": "effective_status", "effective_status": EVERY_STATUS, "limit": "500"}
        return Counter(row["effective_status"] for row in await demo.rows(f"{ACCOUNT}/{edge}", **params))

    assert await states("campaigns") == {"ACTIVE": 6, "PAUSED": 1, "ARCHIVED": 1}
    assert await states("adsets") == {"ACTIVE": 17, "CAMPAIGN_PAUSED": 3, "ARCHIVED": 3, "PAUSED": 1}
    assert await states("ads") == {
        "ACTIVE": 37,
        "DISAPPROVED": 9,
        "CAMPAIGN_PAUSED": 9,
        "ARCHIVED": 9,
        "ADSET_PAUSED": 3,
        "PAUSED": 1,
        "PENDING_REVIEW": 1,
        "PREAPPROVED": 1,
        "WITH_ISSUES": 1,
        "DELETED": 1,
    }


async def test_ninety_days_of_history_end_today(demo: Asking) -> None:
    since = TODAY - timedelta(days=89)
    rows = await demo.rows(
        f"{ACCOUNT}/insights",
        time_increment="1",
        time_range={"since": since.isoformat(), "until": TODAY.isoformat()},
        limit="500",
    )
    assert [row["date_start"] for row in rows] == [(since + timedelta(days=n)).isoformat() for n in range(90)]


async def test_today_grows_and_yesterday_stands(demo: Asking) -> None:
    demo.at = MORNING
    early = await spent(demo, ACCOUNT, date_preset="today")
    yesterday = await demo.rows(f"{ACCOUNT}/insights", level="ad", date_preset="yesterday", fields=METRICS, limit="500")
    demo.at = NOON
    late = await spent(demo, ACCOUNT, date_preset="today")
    assert 0 < early < late
    assert abs(late - early * 12 / 8) < 100
    again = await demo.rows(f"{ACCOUNT}/insights", level="ad", date_preset="yesterday", fields=METRICS, limit="500")
    assert again == yesterday
    demo.at = NOON + timedelta(days=1)
    assert await spent(demo, ACCOUNT, date_preset="yesterday") > late


async def test_the_numbers_are_the_same_on_every_machine(demo: Asking) -> None:
    day = {"since": "2026-11-01", "until": "2026-11-01"}
    [row] = await demo.rows(f"{FIRST_AD}/insights", time_range=day, fields="spend,impressions,inline_link_clicks")
    assert row == {
        "spend": "38.29",
        "impressions": "3260",
        "inline_link_clicks": "68",
        "date_start": "2026-11-01",
        "date_stop": "2026-11-01",
    }


async def test_only_what_runs_delivers(demo: Asking) -> None:
    rows = await demo.rows(f"{ACCOUNT}/insights", level="campaign", date_preset="today", fields="campaign_name")
    names = [row["campaign_name"] for row in rows]
    assert names == ["Evergreen sales", "New arrivals", "Summer dresses", "Gift guide"]
    rows = await demo.rows(f"{ACCOUNT}/insights", level="campaign", date_preset="last_28d", fields="campaign_name")
    assert [row["campaign_name"] for row in rows] == [
        "Evergreen sales",
        "New arrivals",
        "Summer dresses",
        "Spring collection",
        "Gift guide",
        "Last year's winter",
    ]


async def test_a_pause_stops_the_day_where_it_is(demo: Asking) -> None:
    before = await spent(demo, FIRST_AD, date_preset="today")
    await demo.call("POST", f"/v26.0/{FIRST_CAMPAIGN}", status="PAUSED")
    demo.at = NOON + timedelta(hours=3)
    assert await spent(demo, FIRST_AD, date_preset="today") == before
    await demo.call("POST", f"/v26.0/{FIRST_CAMPAIGN}", status="ACTIVE")
    demo.at = NOON + timedelta(hours=6)
    resumed = await spent(demo, FIRST_AD, date_preset="today")
    assert abs(resumed - before * 15 / 12) < 2
    assert await spent(demo, FIRST_AD, date_preset="yesterday") > resumed


async def test_a_launch_waits_for_its_day(demo: Asking) -> None:
    launch = "1202100000080000"
    assert await demo.get(launch, fields="status,effective_status,start_time") == {
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "start_time": "2026-12-06T00:00:00+0700",
        "id": launch,
    }
    demo.at = NOON + timedelta(days=14)
    assert await demo.rows(f"{launch}/insights", date_preset="yesterday") == []
    assert await spent(demo, launch, date_preset="today") > 0
