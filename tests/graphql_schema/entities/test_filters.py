"""What each filter lets through at each level, and filters that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.identifiers import new_id
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

LISTS = ("campaigns", "adsets", "ads")
TYPES = {"campaigns": "CampaignFilter", "adsets": "AdsetFilter", "ads": "AdFilter"}


class Tree:
    """Two campaigns in two accounts, on two pages, each with one set and one ad."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.ids: dict[str, str] = {}

    async def plant(self) -> None:
        tenant = self.tenant
        for side, status, delivery in (("left", "ACTIVE", "LEARNING"), ("right", "PAUSED", "INACTIVE")):
            account = await tenant.add_account(name=side)
            page = await tenant.insert("sellpages", name=side, url=f"https://{side}.example", is_active=True)
            strategy = await tenant.insert("ad_strategies", name=side, is_active=True)
            standing = {"status": status, "delivery_status": delivery}
            campaign = await tenant.add_campaign(account, side, sellpage_id=page, ad_strategy_id=strategy, **standing)
            adset = await tenant.add_adset(campaign, side, **standing)
            ad = await tenant.add_ad(adset, side, **standing)
            self.ids |= {
                f"{side} account": global_id("AdAccount", account),
                f"{side} page": global_id("Sellpage", page),
                f"{side} strategy": global_id("AdStrategy", strategy),
                f"{side} campaigns": campaign.gid,
                f"{side} adsets": adset.gid,
                f"{side} ads": ad.gid,
            }

    async def found(self, listed: str, **filtered: Any) -> list[str]:
        document = (
            f"query ($f: {TYPES[listed]}) {{ {listed}(filter: $f, orderBy: {{field: NAME}}) {{ nodes {{ name }} }} }}"
        )
        return names((await self.tenant.ask(document, f=filtered))[listed]["nodes"])


@pytest.fixture(scope="module")
async def tree(shared_world: SmallWorld) -> Tree:
    tree = Tree(await shared_world.add_seller("acme"))
    await tree.plant()
    return tree


@pytest.mark.parametrize("listed", LISTS)
async def test_each_filter_lets_through_what_it_names(tree: Tree, listed: str) -> None:
    ids = tree.ids
    for field, thing in (
        ("accountIds", "account"),
        ("sellpageIds", "page"),
        ("adStrategyIds", "strategy"),
        ("ids", listed),
    ):
        assert await tree.found(listed, **{field: [ids[f"left {thing}"]]}) == ["left"], field
        assert await tree.found(listed, **{field: [ids[f"left {thing}"], ids[f"right {thing}"]]}) == ["left", "right"]
        assert await tree.found(listed, **{field: []}) == []
        assert await tree.found(listed, **{field: None}) == ["left", "right"]
    assert await tree.found(listed, status=["PAUSED"]) == ["right"]
    assert await tree.found(listed, deliveryStatus=["LEARNING", "ERROR"]) == ["left"]
    assert await tree.found(listed, name="IGH") == ["right"]
    assert await tree.found(listed, name="igh", status=["ACTIVE"]) == []


async def test_sets_and_ads_are_filtered_by_their_parents(tree: Tree) -> None:
    ids = tree.ids

    assert await tree.found("adsets", campaignIds=[ids["right campaigns"]]) == ["right"]
    assert await tree.found("ads", campaignIds=[ids["right campaigns"]]) == ["right"]
    assert await tree.found("ads", adsetIds=[ids["left adsets"]]) == ["left"]
    assert await tree.found("ads", adsetIds=[ids["left adsets"]], campaignIds=[ids["right campaigns"]]) == []


async def test_signs_of_a_pattern_mean_themselves(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("signs")
    account = await tenant.add_account()
    for name in ("100% cotton", "100 cotton", "a_b", "axb", "back\\slash", "Áo dài ĐẸP", "it's; DROP"):
        await tenant.add_campaign(account, name)
    document = "query ($f: CampaignFilter) { campaigns(filter: $f) { nodes { name } } }"

    async def found(name: str) -> list[str]:
        return names((await tenant.ask(document, f={"name": name}))["campaigns"]["nodes"])

    assert await found("0%") == ["100% cotton"]
    assert await found("a_b") == ["a_b"]
    assert await found("\\") == ["back\\slash"]
    assert await found("áo DÀI đẹp") == ["Áo dài ĐẸP"]
    assert await found("'s; d") == ["it's; DROP"]
    assert len(await found("")) == 7


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "x" * 101}, "filter.name"),
    ({"name": "a\x00b"}, "filter.name"),
    ({"ids": ["garbage"]}, "filter.ids.0"),
    ({"ids": [global_id("Campaign", new_id()), global_id("Ad", new_id())]}, "filter.ids.1"),
    ({"accountIds": [global_id("Campaign", new_id())]}, "filter.accountIds.0"),
    ({"sellpageIds": [global_id("AdAccount", new_id())]}, "filter.sellpageIds.0"),
    ({"ids": [global_id("Campaign", new_id())] * 501}, "filter.ids"),
]


@pytest.mark.parametrize(("filtered", "named"), FAULTS)
async def test_a_filter_that_is_wrong_is_named(tree: Tree, filtered: dict[str, Any], named: str) -> None:
    document = "query ($f: CampaignFilter) { campaigns(filter: $f) { nodes { name } } }"

    assert await tree.tenant.refusal(document, f=filtered) == ("BAD_USER_INPUT", named)


async def test_a_name_of_100_characters_is_fine(tree: Tree) -> None:
    assert await tree.found("campaigns", name="x" * 100) == []


async def test_the_panels_lists_are_searched_by_name(tree: Tree) -> None:
    data = await tree.tenant.ask(
        """{
          all: adAccounts { totalCount nodes { name } }
          adAccounts(name: "LEF") { nodes { id name currency timeZone health healthReason isActive } }
          sellpages(name: "righ") { nodes { id name url } pageInfo { hasNextPage } }
          adStrategies(first: 1) { totalCount edges { cursor node { id name description } } }
        }"""
    )

    account = {"name": "left", "currency": "USD", "timeZone": "UTC", "health": "HEALTHY", "isActive": True}
    assert data["all"] == {"totalCount": 2, "nodes": [{"name": "left"}, {"name": "right"}]}
    assert data["adAccounts"]["nodes"] == [{**account, "id": tree.ids["left account"], "healthReason": None}]
    assert data["sellpages"]["nodes"] == [
        {"id": tree.ids["right page"], "name": "right", "url": "https://right.example"}
    ]
    assert data["adStrategies"]["totalCount"] == 2
    strategy = {"id": tree.ids["left strategy"], "name": "left", "description": None}
    assert [edge["node"] for edge in data["adStrategies"]["edges"]] == [strategy]
    assert await tree.tenant.refusal("query ($n: String) { sellpages(name: $n) { totalCount } }", n="x" * 101) == (
        "BAD_USER_INPUT",
        "name",
    )
