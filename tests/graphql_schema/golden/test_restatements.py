"""How days were restated since they were first reported, or since they ended in their zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.graphql_schema.golden_figures import NOTHING
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld, tell

RESTATEMENTS = f"""
query ($id: ID!, $range: DateRangeInput, $since: RestatementBase!) {{
  campaign(id: $id) {{
    restatements(range: $range, since: $since) {{
      date snapshotCount firstReportedAt lastReportedAt
      change {{ absolute {{ {EVERY_METRIC} }} relative {{ {EVERY_METRIC} }} current {{ spend }} base {{ spend }} }}
    }}
  }}
}}
"""
# Alpha's 2 March: its last word against its first.
SINCE_FIRST = {
    "spend": "30.06",  # 40.0625 - 10 = 30.0625
    "impressions": 4500,  # 6000 - 1500 = 4500
    "linkClicks": 55,  # 70 - 15 = 55
    "contentViews": 30,  # 40 - 10 = 30
    "addToCart": 16,  # 20 - 4 = 16
    "checkoutInitiated": 8,  # 10 - 2 = 8
    "purchases": 2,  # 2 - 0 = 2
    "purchaseValue": "100.13",  # 100.125 - 0 = 100.125
    "cpm": "0.01",  # 6.677083… - 6.666666… = 0.010416…
    "ctr": 0.17,  # 1.166666… - 1 = 0.166666…
    "cpc": "-0.09",  # 0.572321… - 0.666666… = -0.094345…
    "cpv": "0.00",  # 1.0015625 - 1 = 0.0015625
    "costPerAddToCart": "-0.50",  # 2.003125 - 2.5 = -0.496875
    "costPerCheckout": "-0.99",  # 4.00625 - 5 = -0.99375
    "costPerPurchase": "20.03",  # 20.03125 - 0 = 20.03125
    "results": 2,  # 2 - 0 = 2
    "costPerResult": "20.03",  # 20.03125 - 0 = 20.03125
    "roas": 2.4992,  # 2.499219… - 0 = 2.499219…
    "cr1": 5.0,  # 25 - 20 = 5
    "cr2": 20.0,  # 20 - 0 = 20
    "cr": 5.0,  # 5 - 0 = 5
}
CHANGE_SINCE_FIRST = {
    "spend": 3.0063,  # 30.0625 / 10 = 3.00625
    "impressions": 3.0,  # 4500 / 1500 = 3
    "linkClicks": 3.6667,  # 55 / 15 = 3.666666…
    "contentViews": 3.0,  # 30 / 10 = 3
    "addToCart": 4.0,  # 16 / 4 = 4
    "checkoutInitiated": 4.0,  # 8 / 2 = 4
    "purchases": None,  # from 0
    "purchaseValue": None,  # from 0
    "cpm": 0.0016,  # 0.010416… / 6.666666… = 0.0015625
    "ctr": 0.1667,  # 0.166666… / 1 = 0.166666…
    "cpc": -0.1415,  # -0.094345… / 0.666666… = -0.141517…
    "cpv": 0.0016,  # 0.0015625 / 1 = 0.0015625
    "costPerAddToCart": -0.1988,  # -0.496875 / 2.5 = -0.19875
    "costPerCheckout": -0.1988,  # -0.99375 / 5 = -0.19875
    "costPerPurchase": None,  # from 0
    "results": None,  # from 0
    "costPerResult": None,  # from 0
    "roas": None,  # from 0
    "cr1": 0.25,  # 5 / 20 = 0.25
    "cr2": None,  # from 0
    "cr": None,  # from 0
}

# Its last word against that of 16:45, a quarter of an hour before the day ended in Hanoi.
SINCE_DAY_END = {
    "spend": "2.06",  # 40.0625 - 38 = 2.0625
    "impressions": 200,  # 6000 - 5800 = 200
    "linkClicks": 2,  # 70 - 68 = 2
    "contentViews": 2,  # 40 - 38 = 2
    "addToCart": 1,  # 20 - 19 = 1
    "checkoutInitiated": 1,  # 10 - 9 = 1
    "purchases": 1,  # 2 - 1 = 1
    "purchaseValue": "50.13",  # 100.125 - 50 = 50.125
    "cpm": "0.13",  # 6.677083… - 6.551724… = 0.125359…
    "ctr": -0.01,  # 1.166666… - 1.172413… = -0.005747…
    "cpc": "0.01",  # 0.572321… - 0.558823… = 0.013497…
    "cpv": "0.00",  # 1.0015625 - 1 = 0.0015625
    "costPerAddToCart": "0.00",  # 2.003125 - 2 = 0.003125
    "costPerCheckout": "-0.22",  # 4.00625 - 4.222222… = -0.215972…
    "costPerPurchase": "-17.97",  # 20.03125 - 38 = -17.96875
    "results": 1,  # 2 - 1 = 1
    "costPerResult": "-17.97",  # 20.03125 - 38 = -17.96875
    "roas": 1.1834,  # 2.499219… - 1.315789… = 1.183430…
    "cr1": 1.32,  # 25 - 23.684210… = 1.315789…
    "cr2": 8.89,  # 20 - 11.111111… = 8.888888…
    "cr": 2.37,  # 5 - 2.631578… = 2.368421…
}
CHANGE_SINCE_DAY_END = {
    "spend": 0.0543,  # 2.0625 / 38 = 0.054276…
    "impressions": 0.0345,  # 200 / 5800 = 0.034482…
    "linkClicks": 0.0294,  # 2 / 68 = 0.029411…
    "contentViews": 0.0526,  # 2 / 38 = 0.052631…
    "addToCart": 0.0526,  # 1 / 19 = 0.052631…
    "checkoutInitiated": 0.1111,  # 1 / 9 = 0.111111…
    "purchases": 1.0,  # 1 / 1 = 1
    "purchaseValue": 1.0025,  # 50.125 / 50 = 1.0025
    "cpm": 0.0191,  # 0.125359… / 6.551724… = 0.019133…
    "ctr": -0.0049,  # -0.005747… / 1.172413… = -0.004901…
    "cpc": 0.0242,  # 0.013497… / 0.558823… = 0.024154…
    "cpv": 0.0016,  # 0.0015625 / 1 = 0.0015625
    "costPerAddToCart": 0.0016,  # 0.003125 / 2 = 0.0015625
    "costPerCheckout": -0.0512,  # -0.215972… / 4.222222… = -0.051151…
    "costPerPurchase": -0.4729,  # -17.96875 / 38 = -0.472861…
    "results": 1.0,  # 1 / 1 = 1
    "costPerResult": -0.4729,  # -17.96875 / 38 = -0.472861…
    "roas": 0.8994,  # 1.183430… / 1.315789… = 0.899407…
    "cr1": 0.0556,  # 1.315789… / 23.684210… = 0.055555…
    "cr2": 0.8,  # 8.888888… / 11.111111… = 0.8
    "cr": 0.9,  # 2.368421… / 2.631578… = 0.9
}

# Of Alpha's 8 March: 17:15 against 10:00.
SUNDAY = {
    "spend": "18.00",  # 30 - 12 = 18
    "impressions": 3000,  # 5000 - 2000 = 3000
    "linkClicks": 30,  # 50 - 20 = 30
    "contentViews": 12,  # 20 - 8 = 12
    "addToCart": 6,  # 10 - 4 = 6
    "checkoutInitiated": 4,  # 6 - 2 = 4
    "purchases": 1,  # 1 - 0 = 1
    "purchaseValue": "60.13",  # 60.125 - 0 = 60.125
    "cpm": "0.00",  # 6 - 6 = 0
    "ctr": 0.0,  # 1 - 1 = 0
    "cpc": "0.00",  # 0.6 - 0.6 = 0
    "cpv": "0.00",  # 1.5 - 1.5 = 0
    "costPerAddToCart": "0.00",  # 3 - 3 = 0
    "costPerCheckout": "-1.00",  # 5 - 6 = -1
    "costPerPurchase": "30.00",  # 30 - 0 = 30
    "results": 1,  # 1 - 0 = 1
    "costPerResult": "30.00",  # 30 - 0 = 30
    "roas": 2.0042,  # 2.004166… - 0 = 2.004166…
    "cr1": 5.0,  # 30 - 25 = 5
    "cr2": 16.67,  # 16.666666… - 0 = 16.666666…
    "cr": 5.0,  # 5 - 0 = 5
}
SUNDAY_CHANGE = {
    "spend": 1.5,  # 18 / 12 = 1.5
    "impressions": 1.5,  # 3000 / 2000 = 1.5
    "linkClicks": 1.5,  # 30 / 20 = 1.5
    "contentViews": 1.5,  # 12 / 8 = 1.5
    "addToCart": 1.5,  # 6 / 4 = 1.5
    "checkoutInitiated": 2.0,  # 4 / 2 = 2
    "purchases": None,  # from 0
    "purchaseValue": None,  # from 0
    "cpm": 0.0,  # 0 / 6 = 0
    "ctr": 0.0,  # 0 / 1 = 0
    "cpc": 0.0,  # 0 / 0.6 = 0
    "cpv": 0.0,  # 0 / 1.5 = 0
    "costPerAddToCart": 0.0,  # 0 / 3 = 0
    "costPerCheckout": -0.1667,  # -1 / 6 = -0.166666…
    "costPerPurchase": None,  # from 0
    "results": None,  # from 0
    "costPerResult": None,  # from 0
    "roas": None,  # from 0
    "cr1": 0.2,  # 5 / 25 = 0.2
    "cr2": None,  # from 0
    "cr": None,  # from 0
}
FULL_SUNDAY = {
    "date": "2026-03-08",
    "snapshotCount": 2,
    "firstReportedAt": "2026-03-08T10:00:00+00:00",
    "lastReportedAt": "2026-03-08T17:15:00+00:00",
    "change": {
        "absolute": SUNDAY,
        "relative": SUNDAY_CHANGE,
        "current": {"spend": "30.00"},
        "base": {"spend": "12.00"},
    },
}
# The only report of 4 March; none of its metrics is 0.
WEDNESDAY = {
    "date": "2026-03-04",
    "snapshotCount": 1,
    "firstReportedAt": "2026-03-05T01:00:00+00:00",
    "lastReportedAt": "2026-03-05T01:00:00+00:00",
    "change": {
        "absolute": NOTHING,
        "relative": dict.fromkeys(NOTHING, 0.0),
        "current": {"spend": "30.06"},
        "base": {"spend": "30.06"},
    },
}


async def restatements(golden: GoldenWorld, name: str, since: str) -> list[dict[str, Any]]:
    data = await golden.ask(RESTATEMENTS, id=golden.gid(name), range=WEEK, since=since)
    return data["campaign"]["restatements"]


async def test_what_was_restated_since_the_first_report(golden: GoldenWorld) -> None:
    assert await restatements(golden, "Alpha", "FIRST_REPORT") == [
        {
            "date": "2026-03-02",
            "snapshotCount": 3,
            "firstReportedAt": "2026-03-02T04:00:00+00:00",
            "lastReportedAt": "2026-03-05T00:00:00+00:00",
            "change": {
                "absolute": SINCE_FIRST,
                "relative": CHANGE_SINCE_FIRST,
                "current": {"spend": "40.06"},
                "base": {"spend": "10.00"},
            },
        },
        WEDNESDAY,
        FULL_SUNDAY,
    ]


async def test_what_was_restated_since_the_day_ended(golden: GoldenWorld) -> None:
    # 2 March ended at 17:00 UTC, so its base is of 16:45; 4 March was first told of after its end; 8 March, at 10:00.
    assert await restatements(golden, "Alpha", "DAY_END") == [
        {
            "date": "2026-03-02",
            "snapshotCount": 3,
            "firstReportedAt": "2026-03-02T04:00:00+00:00",
            "lastReportedAt": "2026-03-05T00:00:00+00:00",
            "change": {
                "absolute": SINCE_DAY_END,
                "relative": CHANGE_SINCE_DAY_END,
                "current": {"spend": "40.06"},
                "base": {"spend": "38.00"},
            },
        },
        WEDNESDAY,
        FULL_SUNDAY,
    ]


async def test_days_without_snapshots_are_left_out(golden: GoldenWorld) -> None:
    assert await restatements(golden, "Dune", "FIRST_REPORT") == []
    assert [found["date"] for found in await restatements(golden, "Coast", "FIRST_REPORT")] == [
        "2026-03-07",
        "2026-03-08",
    ]


@pytest.mark.parametrize(
    ("since", "seventh", "eighth"),
    [
        # 7 March ended at 08:00 UTC: the snapshot of 07:59 is its last. 8 March has not ended: its first one counts.
        ("FIRST_REPORT", ("5.00", "3.00"), ("1.00", "11.00")),
        ("DAY_END", ("7.00", "1.00"), ("1.00", "11.00")),
    ],
)
async def test_a_day_ends_in_its_zone(
    golden: GoldenWorld, since: str, seventh: tuple[str, str], eighth: tuple[str, str]
) -> None:
    found = await restatements(golden, "Coast", since)

    changes = [day["change"] for day in found]
    assert [(change["base"]["spend"], change["absolute"]["spend"]) for change in changes] == [seventh, eighth]


AROUND_THE_SHORT_DAY = """
Pacific  2026-03-07  03-08T06:30    2  100 0 0 0 0 0 0
Pacific  2026-03-07  03-08T07:30    3  100 0 0 0 0 0 0
Pacific  2026-03-07  03-08T08:30    4  100 0 0 0 0 0 0
Pacific  2026-03-08  03-08T20:00    5  100 0 0 0 0 0 0
Pacific  2026-03-08  03-09T06:30    9  100 0 0 0 0 0 0
Pacific  2026-03-08  03-09T07:30   11  100 0 0 0 0 0 0
Pacific  2026-03-08  03-10T00:00   12  100 0 0 0 0 0 0
"""


async def test_the_short_day_ends_an_hour_earlier(golden: GoldenWorld) -> None:
    tenant = await golden.tenant.world.add_seller("pacific")
    campaign = await tenant.add_campaign(await tenant.add_account(zone="America/Los_Angeles"), "Pacific")
    await tell(tenant, {"Pacific": campaign}, AROUND_THE_SHORT_DAY)
    pacific = GoldenWorld(tenant, {}, {"Pacific": campaign})

    # Until then 08:00 UTC ends a day, from then on 07:00.
    found = (
        await pacific.ask(
            RESTATEMENTS,
            now=datetime(2026, 3, 10, 12, tzinfo=UTC),
            id=campaign.gid,
            range=WEEK,
            since="DAY_END",
        )
    )["campaign"]["restatements"]

    assert [(day["date"], day["change"]["base"]["spend"], day["change"]["current"]["spend"]) for day in found] == [
        ("2026-03-07", "3.00", "4.00"),
        ("2026-03-08", "9.00", "12.00"),
    ]
