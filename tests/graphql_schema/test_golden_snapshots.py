"""Where a number comes from: the snapshots of a day, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.graphql_schema.golden_world import EVERY_METRIC, GoldenWorld, plant

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

SNAPSHOTS = f"""
query ($id: ID!, $date: Date!, $first: Int, $after: String, $last: Int, $before: String) {{
  campaign(id: $id) {{
    snapshots(date: $date, first: $first, after: $after, last: $last, before: $before) {{
      totalCount
      nodes {{ fetchedAt attributionSetting metrics {{ {EVERY_METRIC} currency hasData isFinal from to }} }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    }}
  }}
}}
"""
# Of Alpha's 2 March, as it was told at 16:45.
SECOND = {
    "spend": "38.00",
    "impressions": 5800,
    "linkClicks": 68,
    "contentViews": 38,
    "addToCart": 19,
    "checkoutInitiated": 9,
    "purchases": 1,
    "purchaseValue": "50.00",
    "cpm": "6.55",  # 38 / 5800 * 1000 = 6.551724…
    "ctr": 1.17,  # 68 / 5800 * 100 = 1.172413…
    "cpc": "0.56",  # 38 / 68 = 0.558823…
    "cpv": "1.00",  # 38 / 38 = 1
    "costPerAddToCart": "2.00",  # 38 / 19 = 2
    "costPerCheckout": "4.22",  # 38 / 9 = 4.222222…
    "costPerPurchase": "38.00",  # 38 / 1 = 38
    "results": 1,  # purchases
    "costPerResult": "38.00",  # 38 / 1 = 38
    "roas": 1.3158,  # 50 / 38 = 1.315789…
    "cr1": 23.68,  # 9 / 38 * 100 = 23.684210…
    "cr2": 11.11,  # 1 / 9 * 100 = 11.111111…
    "cr": 2.63,  # 1 / 38 * 100 = 2.631578…
}


@pytest.fixture(scope="module")
async def golden(shared_world: SmallWorld) -> GoldenWorld:
    return await plant(shared_world)


async def snapshots(golden: GoldenWorld, name: str, day: str, **paging: Any) -> dict[str, Any]:
    data = await golden.ask(SNAPSHOTS, id=golden.gid(name), date=day, **paging)
    return data["campaign"]["snapshots"]


async def test_the_snapshots_of_a_day_newest_first(golden: GoldenWorld) -> None:
    found = await snapshots(golden, "Alpha", "2026-03-02")

    facts = {"currency": "USD", "hasData": True, "isFinal": False, "from": "2026-03-02", "to": "2026-03-02"}
    assert found["totalCount"] == 3
    assert [(node["fetchedAt"], node["attributionSetting"], node["metrics"]["spend"]) for node in found["nodes"]] == [
        ("2026-03-05T00:00:00+00:00", "7d_click", "40.06"),  # 40.0625
        ("2026-03-02T16:45:00+00:00", None, "38.00"),
        ("2026-03-02T04:00:00+00:00", None, "10.00"),
    ]
    assert found["nodes"][1]["metrics"] == {**SECOND, **facts}


async def test_a_day_without_snapshots(golden: GoldenWorld) -> None:
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}

    assert await snapshots(golden, "Alpha", "2026-03-03") == {"totalCount": 0, "nodes": [], "pageInfo": page}
    assert await snapshots(golden, "Dune", "2026-03-02") == {"totalCount": 0, "nodes": [], "pageInfo": page}


async def test_snapshots_are_walked_in_both_directions(golden: GoldenWorld) -> None:
    def times(found: dict[str, Any]) -> list[str]:
        return [node["fetchedAt"][5:16] for node in found["nodes"]]

    first = await snapshots(golden, "Alpha", "2026-03-02", first=2)
    rest = await snapshots(golden, "Alpha", "2026-03-02", first=2, after=first["pageInfo"]["endCursor"])
    last = await snapshots(golden, "Alpha", "2026-03-02", last=1)
    upwards = await snapshots(golden, "Alpha", "2026-03-02", last=1, before=last["pageInfo"]["startCursor"])

    assert times(first) == ["03-05T00:00", "03-02T16:45"]
    assert times(rest) == times(last) == ["03-02T04:00"]
    assert times(upwards) == ["03-02T16:45"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (upwards["pageInfo"]["hasPreviousPage"], upwards["totalCount"]) == (True, 3)
