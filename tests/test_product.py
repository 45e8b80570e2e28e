"""The main job, end to end, as its users see it: `up` with a data set, a sync, a drill-down, a bulk pause."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from tests.cli.running import Up

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.slow

CAMPAIGNS, SETS, ADS = 2, 3, 4
HEADER = (
    "Date,ad_id,xyz_campaign_id,fb_campaign_id,age,gender,interest,"
    "Impressions,Clicks,Spent,Total_Conversion,Approved_Conversion"
)


class Row(NamedTuple):
    """One ad of the data set, on its one day."""

    day: int
    campaign: int
    adset: int
    ad: int

    @property
    def impressions(self) -> int:
        return 10_000_000 + self.ad

    @property
    def clicks(self) -> int:
        return self.ad % 50

    @property
    def spend(self) -> Decimal:
        return Decimal(self.ad * 37) / 100

    def as_csv(self) -> str:
        noise = f"{self.spend}000{self.ad % 4}" if self.spend % 1 else str(self.spend)  # as floats leave it behind
        facts = (f"{self.day:02d}-08-2023", self.ad, self.campaign, self.adset, "30-34", "F", 15)
        return ",".join(map(str, (*facts, self.impressions, self.clicks, noise, self.ad % 7, self.ad % 3)))


ROWS = [
    Row(
        day=31 - (campaign + adset + ad) % 10,
        campaign=campaign,
        adset=100 * campaign + adset,
        ad=1000 * campaign + 10 * adset + ad,
    )
    for campaign in range(1, CAMPAIGNS + 1)
    for adset in range(1, SETS + 1)
    for ad in range(1, ADS + 1)
]
TOTAL = {
    "impressions": sum(row.impressions for row in ROWS),
    "linkClicks": sum(row.clicks for row in ROWS),
    "spend": f"{sum(row.spend for row in ROWS):.2f}",
    "purchases": sum(row.ad % 3 for row in ROWS),
    "checkoutInitiated": sum(row.ad % 7 for row in ROWS),
}


class Client:
    """A seller's client over HTTP."""

    def __init__(self, product: Up, seller: str) -> None:
        self._url = f"http://127.0.0.1:{product.port}/graphql"
        self._headers = {"Authorization": f"Bearer {product.run('token', '--seller', seller).strip()}"}

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = httpx.post(
            self._url, json={"query": query, "variables": variables}, headers=self._headers, timeout=30
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def summary(self, level: str) -> dict[str, Any]:
        fields = " ".join(TOTAL)
        query = f"{{ {level}(range: {{preset: LAST_30_DAYS}}, first: 1) {{ totalCount summary {{ {fields} }} }} }}"
        return self.ask(query)[level]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    folder = tmp_path_factory.mktemp("product")
    data_set = folder / "ads.csv"
    data_set.write_text("\n".join([HEADER, *(row.as_csv() for row in ROWS)]) + "\n")
    product = Up(folder / "data", folder / "output", "--sandbox-data", str(data_set))
    product.wait_until(lambda: "PixEcom Ads is running." in product.text)
    yield product
    product.process.terminate()
    assert product.process.wait(60) == 0


def test_the_data_set_is_read_back_at_every_level_and_a_second_sync_changes_nothing(product: Up) -> None:
    client = Client(product, "kag")
    expected = {
        "campaigns": {"totalCount": CAMPAIGNS, "summary": TOTAL},
        "adsets": {"totalCount": CAMPAIGNS * SETS, "summary": TOTAL},
        "ads": {"totalCount": len(ROWS), "summary": TOTAL},
    }
    assert {level: client.summary(level) for level in expected} == expected
    outcome = json.loads(product.run("sync", "--wait", "--seller", "kag", "--json"))
    assert outcome
    assert {level: client.summary(level) for level in expected} == expected


def test_a_drill_down_adds_up(product: Up) -> None:
    client = Client(product, "kag")
    answer = client.ask(
        "{ campaigns(range: {preset: LAST_30_DAYS}) { nodes { metrics { spend } adsets { nodes { metrics { spend }"
        " ads { nodes { metrics { spend } } } } } } } }"
    )
    campaigns = answer["campaigns"]["nodes"]
    assert len(campaigns) == CAMPAIGNS
    for campaign in campaigns:
        of_adsets = [Decimal(adset["metrics"]["spend"]) for adset in campaign["adsets"]["nodes"]]
        of_ads = [
            Decimal(ad["metrics"]["spend"]) for adset in campaign["adsets"]["nodes"] for ad in adset["ads"]["nodes"]
        ]
        assert len(of_adsets) == SETS
        assert len(of_ads) == SETS * ADS
        assert sum(of_adsets) == sum(of_ads) == Decimal(campaign["metrics"]["spend"])


def test_a_bulk_pause_reaches_the_platform_and_no_other_sellers_ads(product: Up) -> None:
    client, other = Client(product, "kag"), Client(product, "northwind")
    ids = "{ ads(first: 100, filter: {status: [ACTIVE]}) { nodes { id } } }"
    mine = [node["id"] for node in client.ask(ids)["ads"]["nodes"]]
    theirs = [node["id"] for node in other.ask(ids)["ads"]["nodes"]][:3]
    pause = (
        "mutation ($ids: [ID!]!) { setStatus(input: {level: AD, ids: $ids, action: PAUSE})"
        " { succeeded failed { entityId code } } }"
    )
    changed = client.ask(pause, ids=[*mine[:5], *theirs])["setStatus"]
    assert changed == {
        "succeeded": mine[:5],
        "failed": [{"entityId": node, "code": "NOT_FOUND"} for node in theirs],
    }
    statuses = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Ad { status } } }"
    assert other.ask(statuses, ids=theirs)["nodes"] == [{"status": "ACTIVE"}] * 3
    product.run("sync", "--wait", "--seller", "kag")
    assert client.ask(statuses, ids=mine[:5])["nodes"] == [{"status": "PAUSED"}] * 5


def test_nothing_of_it_was_logged_as_a_fault(product: Up) -> None:
    faults = [
        line
        for log in ("api", "worker", "scheduler")
        for line in (product.data / "logs" / f"{log}.log").read_text().splitlines()
        if '"level": "error"' in line or '"level": "critical"' in line
    ]
    assert faults == []
