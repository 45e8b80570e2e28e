"""An ad account that gets another currency: its days stay in theirs until Meta tells them anew, and are never mixed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app import clock
from app.auth.access_tokens import AccessClaims
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.sandbox.world.dataset import AdDay, Delivered
from app.queries.days.leaderboards import BoardsOfDay, write_leaderboards
from app.services.reads.exports import open_exporter
from graphql_schema.context import open_context
from graphql_schema.exports import columns_of, open_export, rows_of
from graphql_schema.schema import schema
from tests.services.invariants import check_invariants
from tests.services.shop import TODAY, YESTERDAY, account, add_owner, add_seller, sandbox_for
from tests.services.structure.test_account_changes import give_sellpage, sync_structure
from tests.services.ticking import do_all

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from uuid import UUID

    from app.services.context import Services
    from tests.services.shop import Shop

FIRST = TODAY - timedelta(days=2)
DONG = {"account": "act_1", "currency": "VND", "at": f"{TODAY}T00:00:00Z"}
LONG_AGO = "2026-01-01T00:00:00Z"
NUMBERS = "currency spend cpm roas impressions hasData"
_TOTALS = "SELECT stat_date, currency, spend_micros FROM {} ORDER BY stat_date, currency"
_BOARDS = "SELECT stat_date, currency FROM leaderboards WHERE metric = 'spend' ORDER BY stat_date, currency"


class Reader:
    """Somebody who reads the shop's numbers."""

    def __init__(self, shop: Shop, user_id: UUID) -> None:
        self.services = shop.services
        self.seller_id, self.user_id = shop.seller_id, user_id

    @property
    def claims(self) -> AccessClaims:
        return AccessClaims(
            user_id=self.user_id,
            seller_id=self.seller_id,
            role="OWNER",
            token_id=new_id(),
            issued_at=clock.now(),
            expires_at=clock.now() + timedelta(hours=1),
        )

    async def run(self, query: str) -> Any:
        async with open_context(self.services, self.claims) as context:
            return await schema.execute(query, context_value=context)

    async def ask(self, query: str) -> Any:
        result = await self.run(query)
        assert result.errors is None, result.errors
        return result.data

    async def campaign(self, arguments: str, fields: str = NUMBERS) -> Any:
        """The metrics of the campaign that delivered on all days."""
        found = await self.ask(
            f'{{ campaigns(filter: {{name: "Shoes"}}) {{ nodes {{ found: {arguments} {{ {fields} }} }} }} }}'
        )
        return found["campaigns"]["nodes"][0]["found"]

    async def refused(self, query: str) -> str:
        result = await self.run(query)
        assert len(result.errors) == 1
        return result.errors[0].message

    async def export(self, **arguments: object) -> list[dict[str, object]]:
        async with (
            open_context(self.services, self.claims) as context,
            open_exporter(self.services, seller_id=self.seller_id, user_id=self.user_id) as exporter,
        ):
            assert await open_export(exporter, context, "campaigns", arguments) == []
            names = [column.name for column in columns_of("campaigns")]
            rows = rows_of("campaigns")
            return [dict(zip(names, row, strict=True)) for each in await exporter.read() for row in rows(each)]


def days(first: object, last: object) -> str:
    return f'range: {{custom: {{from: "{first}", to: "{last}"}}}}'


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """A shop whose account was in USD for two days, and is in VND today."""
    with sandbox_for(services, await add_seller(services), account("1")) as opened:
        await opened.connect("1")
        await give_sellpage(opened)
        await opened.sync()
        await change(opened, DONG)
        await sync_structure(opened)
        await opened.sync(days=1)
        yield opened
        await check_invariants(services, opened.seller_id)


@pytest.fixture
async def reader(shop: Shop) -> Reader:
    return Reader(shop, await add_owner(shop.services, shop.seller_id))


async def change(shop: Shop, *changes: Mapping[str, object]) -> None:
    """What the sandbox tells of currencies from now on."""
    async with httpx.AsyncClient() as client:
        await client.delete(f"{shop.url}/sandbox/currencies")
        (await client.post(f"{shop.url}/sandbox/currencies", json=list(changes))).raise_for_status()


async def restate(shop: Shop) -> None:
    """Meta tells all days in the new currency, and they are read."""
    await change(shop, {**DONG, "restated_at": LONG_AGO})
    await shop.sync()


async def test_days_of_one_currency_are_in_it(reader: Reader) -> None:
    assert await reader.campaign(f"metrics({days(FIRST, YESTERDAY)})") == {
        "currency": "USD",
        "spend": "55.00",
        "cpm": "9.17",
        "roas": 2.6082,
        "impressions": 6000,
        "hasData": True,
    }
    today = await reader.campaign(f"metrics({days(TODAY, TODAY)})")
    assert (today["currency"], today["spend"], today["cpm"]) == ("VND", "300", "3333.33")


async def test_days_of_several_have_counts_and_no_money(reader: Reader) -> None:
    mixed = {"currency": None, "spend": None, "cpm": None, "roas": None, "impressions": 6090, "hasData": True}
    assert await reader.campaign(f"metrics({days(FIRST, TODAY)})") == mixed
    whole = await reader.ask(f"{{ adAccounts {{ nodes {{ metrics({days(FIRST, TODAY)}) {{ currency spend }} }} }} }}")
    assert whole["adAccounts"]["nodes"] == [{"metrics": {"currency": None, "spend": None}}]
    metrics = f"metrics({days(FIRST, TODAY)}) {{ currency spend }}"
    hats = await reader.ask(f'{{ campaigns(filter: {{name: "Hats"}}) {{ nodes {{ {metrics} }} }} }}')
    assert hats["campaigns"]["nodes"] == [{"metrics": {"currency": "USD", "spend": "2.00"}}]


async def test_each_point_of_a_series_has_its_own(reader: Reader) -> None:
    found = await reader.campaign(f"series(granularity: DAY, {days(FIRST, TODAY)})", "metrics { currency spend }")
    assert [tuple(point["metrics"].values()) for point in found] == [
        ("USD", "10.00"),
        ("USD", "45.00"),
        ("VND", "300"),
    ]


async def test_totals_of_lists_are_told_apart(reader: Reader) -> None:
    found = await reader.ask(
        f"""{{ campaigns({days(FIRST, TODAY)}) {{
          summary {{ spend }} summaries {{ currency spend impressions }}
          series(granularity: DAY) {{ currency points {{ metrics {{ spend }} }} }}
        }} }}"""
    )
    assert found["campaigns"]["summary"] is None
    assert found["campaigns"]["summaries"] == [
        {"currency": "USD", "spend": "57.00", "impressions": 6100},
        {"currency": "VND", "spend": "300", "impressions": 90},
    ]
    assert [
        (series["currency"], [point["metrics"]["spend"] for point in series["points"]])
        for series in found["campaigns"]["series"]
    ] == [("USD", ["12.00", "45.00", "0.00"]), ("VND", ["0", "0", "300"])]
    before = await reader.ask(f"{{ campaigns({days(FIRST, YESTERDAY)}) {{ summary {{ currency spend }} }} }}")
    assert before["campaigns"]["summary"] == {"currency": "USD", "spend": "57.00"}


async def test_two_currencies_are_not_compared(reader: Reader) -> None:
    to = f"to: {{{days(YESTERDAY, YESTERDAY)}}}"
    found = await reader.campaign(
        f"comparison({to}, {days(TODAY, TODAY)})",
        "current { spend } base { spend } absolute { spend roas impressions } relative { spend impressions }",
    )
    assert found == {
        "current": {"spend": "300"},
        "base": {"spend": "45.00"},
        "absolute": {"spend": None, "roas": None, "impressions": -910},
        "relative": {"spend": None, "impressions": -0.91},
    }
    listed = await reader.ask(
        f"{{ campaigns({days(TODAY, TODAY)}) {{ comparison({to}) {{ current {{ spend }} }} "
        f"comparisons({to}) {{ current {{ currency spend }} base {{ spend }} absolute {{ spend }} }} }} }}"
    )
    assert listed["campaigns"]["comparison"] is None
    assert listed["campaigns"]["comparisons"] == [
        {"current": {"currency": "USD", "spend": "0.00"}, "base": {"spend": "45.00"}, "absolute": {"spend": "-45.00"}},
        {"current": {"currency": "VND", "spend": "300"}, "base": {"spend": "0"}, "absolute": {"spend": "300"}},
    ]


@pytest.mark.parametrize("metric", ["SPEND", "ROAS"])
@pytest.mark.parametrize("under", ["campaigns", "adsets"])
async def test_no_order_or_filter_mixes_them(reader: Reader, metric: str, under: str) -> None:
    ordered = f"{under}(orderBy: {{field: {metric}}}, {{}}) {{ totalCount nodes {{ id }} }}"
    mixed, alone = (ordered.replace("{}", days(first, TODAY)) for first in (FIRST, TODAY))
    assert "different currencies (USD, VND)" in await reader.refused(f"{{ {mixed} }}")
    await reader.ask(f"{{ {alone} }}")
    condition = f"filter: {{metrics: {{metric: {metric}, op: GT, value: 1}}}}"
    filtered = f"{under}({condition}, {days(FIRST, TODAY)}) {{ totalCount }}"
    assert "different currencies (USD, VND)" in await reader.refused(f"{{ {filtered} }}")
    await reader.ask(f"{{ {under}(orderBy: {{field: PURCHASES}}, {days(FIRST, TODAY)}) {{ nodes {{ id }} }} }}")


async def test_a_list_under_a_parent_is_not_ordered_by_mixed_money(reader: Reader) -> None:
    nested = f"adsets(orderBy: {{field: SPEND}}, {days(FIRST, TODAY)}) {{ nodes {{ id }} }}"
    result = await reader.run(f"{{ campaigns {{ nodes {{ {nested} }} }} }}")
    assert {"different currencies (USD, VND)" in error.message for error in result.errors} == {True}


async def test_sums_of_days_are_in_their_currency(shop: Shop) -> None:
    await do_all(shop.services, "refresh")
    seller = await shop.rows(_TOTALS.format("seller_stats_daily"))
    assert seller == [(FIRST, "USD", 12_000_000), (YESTERDAY, "USD", 45_000_000), (TODAY, "VND", 300_000_000)]
    assert await shop.rows(_TOTALS.format("sellpage_stats_daily")) == seller
    await rank(shop)
    assert await shop.rows(_BOARDS) == [(YESTERDAY, "USD"), (TODAY, "VND")]


async def rank(shop: Shop) -> None:
    for day in (YESTERDAY, TODAY):
        async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
            boards = BoardsOfDay(stat_date=day, level=Level.CAMPAIGN, size=10, is_final=False)
            await write_leaderboards(driver, shop.seller_id, boards, now=clock.now())


async def test_an_export_has_no_mixed_money(reader: Reader) -> None:
    whole = await reader.export(range={"custom": {"from": str(FIRST), "to": str(TODAY)}})
    assert {(row["name"], row["currency"], row["spend"], row["budget"]) for row in whole} == {
        ("Shoes", None, None, "5000"),
        ("Hats", "USD", "2.00", "5000"),
    }
    by_day = await reader.export(range={"custom": {"from": str(FIRST), "to": str(TODAY)}}, granularity="DAY")
    shoes = [(row["from"], row["currency"], row["spend"]) for row in by_day if row["name"] == "Shoes"]
    assert shoes == [(str(FIRST), "USD", "10.00"), (str(YESTERDAY), "USD", "45.00"), (str(TODAY), "VND", "300")]


async def test_what_meta_restates_is_in_the_new_currency(shop: Shop, reader: Reader) -> None:
    before = datetime.now(UTC).isoformat()
    await restate(shop)
    found = await reader.campaign(f"metrics({days(FIRST, TODAY)})")
    assert (found["currency"], found["spend"]) == ("VND", "5800")
    then = await reader.campaign(f'metrics({days(FIRST, YESTERDAY)}, asOf: "{before}")')
    assert (then["currency"], then["spend"]) == ("USD", "55.00")
    await do_all(shop.services, "refresh")
    assert {row[1] for row in await shop.rows(_TOTALS.format("seller_stats_daily"))} == {"VND"}
    assert {row[1] for row in await shop.rows(_TOTALS.format("sellpage_stats_daily"))} == {"VND"}
    assert await shop.value("SELECT count(*) FROM day_currencies WHERE fetched_before = 'infinity'") == 0


async def test_a_restatement_is_a_snapshot_in_another_currency(shop: Shop, reader: Reader) -> None:
    await restate(shop)
    snapshots = f'snapshots(date: "{YESTERDAY}")'
    found = await reader.campaign(snapshots, "nodes { metrics { currency spend } }")
    assert [tuple(node["metrics"].values()) for node in found["nodes"]] == [("VND", "4500"), ("USD", "45.00")]
    moved = await reader.campaign(
        f"restatements({days(YESTERDAY, YESTERDAY)}, since: FIRST_REPORT)",
        "change { base { currency } current { currency } absolute { spend impressions } }",
    )
    assert moved[0]["change"] == {
        "base": {"currency": "USD"},
        "current": {"currency": "VND"},
        "absolute": {"spend": None, "impressions": 0},
    }


async def test_a_row_says_it_before_the_account_is_asked(services: Services) -> None:
    with sandbox_for(services, await add_seller(services), account("1")) as shop:
        await shop.connect("1")
        await shop.sync()
        await change(shop, DONG)
        await shop.sync(days=2, levels=[level for level in Level if level is not Level.ACCOUNT])
        reader = Reader(shop, await add_owner(services, shop.seller_id))
        marked = "SELECT DISTINCT stat_date, currency FROM day_currencies WHERE fetched_before = 'infinity' ORDER BY 1"
        assert await shop.rows(marked) == [(TODAY, "VND")]
        found = await reader.campaign(
            f"series(granularity: DAY, {days(YESTERDAY, TODAY)})", "metrics { currency spend }"
        )
        assert [tuple(point["metrics"].values()) for point in found] == [("USD", "45.00"), ("VND", "300")]
        await shop.sync(days=1)  # which asks for the account, since its own numbers are in another currency
        assert await shop.value("SELECT currency FROM fb_connections") == "VND"
        assert await shop.rows(marked) == [(FIRST, "USD"), (YESTERDAY, "USD")]
        assert found == await reader.campaign(
            f"series(granularity: DAY, {days(YESTERDAY, TODAY)})", "metrics { currency spend }"
        )
        await check_invariants(services, shop.seller_id)


async def test_a_day_with_equal_counters_is_told_in_another_currency_too(services: Services) -> None:
    free = {YESTERDAY: [AdDay("1111", Delivered(0, 700, 8, 7))]}
    marks = "SELECT count(*) FROM day_currencies WHERE fetched_before = 'infinity' AND stat_date = $1"
    with sandbox_for(services, await add_seller(services), account("1", days=free)) as shop:
        await shop.connect("1")
        await shop.sync()
        await change(shop, DONG)
        await sync_structure(shop)
        assert await shop.value(marks, YESTERDAY) == len(Level)
        await restate(shop)
        assert await shop.value(marks, YESTERDAY) == 0
