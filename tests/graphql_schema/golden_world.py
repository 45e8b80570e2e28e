"""One seller whose every figure can be worked out on paper, at an instant when the world is on two dates.

Three ad accounts: Hanoi and Angeles spend dollars, Tokyo yen. It is 00:30 on Monday 9 March in Hanoi, 02:30 in Tokyo,
and 10:30 on Sunday 8 March in Los Angeles, whose clocks went forward that morning. All snapshots stand below as the
platform told them; the daily rows are the newest of each day. Another seller has rows of the same days and names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.clock import frozen
from app.metrics.levels import Level
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import Entity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

NOW = datetime(2026, 3, 8, 17, 30, tzinfo=UTC)
WEEK = {"custom": {"from": "2026-03-02", "to": "2026-03-08"}}
PREVIOUS = {"period": "PREVIOUS_PERIOD"}

EVERY_METRIC = """
spend impressions linkClicks contentViews addToCart checkoutInitiated purchases purchaseValue
cpm ctr cpc cpv costPerAddToCart costPerCheckout costPerPurchase results costPerResult roas cr1 cr2 cr
"""

# Entity, day, when it was fetched (UTC), and then: spend, impressions, link clicks, content views, additions to a
# cart, checkouts, purchases, purchase value. The last one of a day is what counts now.
SNAPSHOTS = """
Alpha      2026-02-24  02-25T00:00   50        10000   90   40    0   12   4   100
Alpha      2026-03-01  03-01T12:00   20         1500   20   15    0    3   0     0
Alpha      2026-03-01  03-03T00:00   30.1       2000   30   20    0    4   0     0
Alpha      2026-03-02  03-02T04:00   10         1500   15   10    4    2   0     0
Alpha      2026-03-02  03-02T16:45   38         5800   68   38   19    9   1    50
Alpha      2026-03-02  03-05T00:00   40.0625    6000   70   40   20   10   2   100.125
Alpha      2026-03-04  03-05T01:00   30.0625    5000   60   30   15    8   2    90.0625
Alpha      2026-03-08  03-08T10:00   12         2000   20    8    4    2   0     0
Alpha      2026-03-08  03-08T17:15   30         5000   50   20   10    6   1    60.125
Alpha      2026-03-09  03-08T17:20    1.005      100    2    1    0    0   0     0
Beta       2026-03-03  03-04T02:00   50         4000    0    0    0    0   2    99.998
Coast      2026-02-28  03-02T00:00   10         1000   10    5    0    0   0     0
Coast      2026-03-07  03-07T20:00    5          600   12    6    2    1   0     0
Coast      2026-03-07  03-08T07:59    7          900   18    9    3    1   1    16
Coast      2026-03-07  03-08T08:30    8         1000   20   10    4    2   1    16
Coast      2026-03-08  03-08T08:30    1          100    2    1    0    0   0     0
Coast      2026-03-08  03-08T17:10   12         1400   22   14    6    4   1    24.001
Edo        2026-02-26  02-27T00:00   1000       2000   20   10    2    1   0     0
Edo        2026-03-05  03-05T12:00   1500.5     1000   30    8    3    2   1  3001
Alpha-one  2026-03-02  03-05T00:00   25         4000   40   25   12    6   1    60
Alpha-one  2026-03-04  03-05T01:00   30.0625    5000   60   30   15    8   2    90.0625
Alpha-two  2026-03-02  03-05T00:00   15         2000   30   15    8    4   1    40.125
Alpha-two  2026-03-08  03-08T17:15   30         5000   50   20   10    6   1    60.125
ad-1       2026-03-02  03-05T00:00   20         3000   30   20   10    5   1    60
ad-1       2026-03-04  03-05T01:00   30.0625    5000   60   30   15    8   2    90.0625
ad-2       2026-03-02  03-05T00:00    4.005      800    9    4    2    1   0     0
ad-4       2026-03-02  03-05T00:00   15         2000   30   15    8    4   1    40.125
ad-4       2026-03-08  03-08T17:15   30         5000   50   20   10    6   1    60.125
Hanoi      2026-03-02  03-05T00:00   40         5990   70   40   20   10   2   100.13
Hanoi      2026-03-03  03-05T00:00   50         4000    0    0    0    0   2    99.998
"""
# Older than any snapshot that is kept: only the daily row is left.
A_YEAR_AGO = "25  2000  20  10  5  4  1  40"
# A second seller's, whose names are the same.
STRANGERS = """
Alpha      2026-03-02  03-05T00:00   7777.77   77777  777  777  777  777  77  77777.77
Alpha      2026-03-08  03-08T17:15   7777.77   77777  777  777  777  777  77  77777.77
"""

COUNTERS = (
    "impressions",
    "link_clicks",
    "content_views",
    "add_to_cart",
    "checkout_initiated",
    "purchases",
)


def counters(words: Sequence[str]) -> dict[str, int]:
    """Eight words as the counters of a row."""
    counts = {name: int(word) for name, word in zip(COUNTERS, words[1:-1], strict=True)}
    return {"spend_micros": micros(words[0]), **counts, "purchase_value_micros": micros(words[-1])}


def micros(amount: str) -> int:
    return int(Decimal(amount) * 1_000_000)


def instant(text: str) -> datetime:
    """`03-05T01:00` of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


async def tell(tenant: Tenant, entities: dict[str, Entity], table: str) -> None:
    """Write a table of snapshots, oldest first."""
    for line in table.strip().splitlines():
        name, day, fetched, *words = line.split()
        await tenant.add_snapshot(
            entities[name],
            date.fromisoformat(day),
            at=instant(fetched),
            attribution_setting="7d_click" if fetched == "03-05T00:00" else None,
            **counters(words),
        )


@dataclass(frozen=True)
class GoldenWorld:
    tenant: Tenant
    accounts: dict[str, UUID]
    entities: dict[str, Entity]

    def gid(self, name: str) -> str:
        return self.entities[name].gid

    def account(self, name: str) -> str:
        return global_id("AdAccount", self.accounts[name])

    async def ask(self, document: str, *, now: datetime = NOW, **variables: Any) -> dict[str, Any]:
        with frozen(now):
            return await self.tenant.ask(document, **variables)

    async def refused(self, document: str, *, now: datetime = NOW, **variables: Any) -> dict[str, Any]:
        """What the error of an operation says of itself; every field that it hits says the same."""
        with frozen(now):
            result = await self.tenant.world.execute(document, self.tenant.claims(), variables)
        assert result.errors is not None
        first, *others = [dict(error.extensions or {}) for error in result.errors]
        assert others == [first] * len(others), result.errors
        return first


async def plant(world: SmallWorld) -> GoldenWorld:
    async with world.filling():
        return await _plant(world)


async def _plant(world: SmallWorld) -> GoldenWorld:
    tenant = await world.add_seller("golden")
    accounts = {
        "Hanoi": await tenant.add_account(zone="Asia/Ho_Chi_Minh", name="Hanoi"),
        "Angeles": await tenant.add_account(zone="America/Los_Angeles", name="Angeles"),
        "Tokyo": await tenant.add_account(zone="Asia/Tokyo", currency="JPY", name="Tokyo"),
    }
    entities = await _tree(tenant, accounts)
    await tell(tenant, entities, SNAPSHOTS)
    year_ago = counters(A_YEAR_AGO.split())
    await tenant.add_day(entities["Alpha"], date(2025, 3, 3), fetched_at=datetime(2025, 3, 4, tzinfo=UTC), **year_ago)
    # A later look that brought nothing new.
    await tenant.note_fetch(accounts["Hanoi"], Level.CAMPAIGN, date(2026, 3, 8), instant("03-08T17:25"))
    await _stranger(world)
    return GoldenWorld(tenant, accounts, entities)


async def _tree(tenant: Tenant, accounts: dict[str, UUID]) -> dict[str, Entity]:
    """Of the campaigns Dune alone has no numbers; of the ads of Alpha, ad-3. Coast's parts have none."""
    hanoi, angeles, tokyo = accounts.values()
    alpha = await tenant.add_campaign(hanoi, "Alpha", budget_micros=50_000_000, budget_type="DAILY")
    beta = await tenant.add_campaign(hanoi, "Beta", status="ARCHIVED", delivery_status="INACTIVE")
    coast = await tenant.add_campaign(angeles, "Coast", budget_micros=20_000_000, budget_type="DAILY")
    dune = await tenant.add_campaign(angeles, "Dune", status="PAUSED", created_at=instant("03-06T00:00"))
    edo = await tenant.add_campaign(tokyo, "Edo")
    one, two = await tenant.add_adset(alpha, "Alpha-one"), await tenant.add_adset(alpha, "Alpha-two")
    shore = await tenant.add_adset(coast, "Coast-one")
    ads = [await tenant.add_ad(parent, f"ad-{n}") for n, parent in enumerate((one, one, two, two, shore), 1)]
    named = {"Alpha": alpha, "Beta": beta, "Coast": coast, "Dune": dune, "Edo": edo}
    named |= {"Alpha-one": one, "Alpha-two": two, "Coast-one": shore}
    named |= {f"ad-{n}": ad for n, ad in enumerate(ads, 1)}
    return {**named, "Hanoi": Entity(hanoi, Level.ACCOUNT, hanoi)}


async def _stranger(world: SmallWorld) -> None:
    tenant = await world.add_seller("stranger")
    campaign = await tenant.add_campaign(await tenant.add_account(zone="Asia/Ho_Chi_Minh"), "Alpha")
    await tell(tenant, {"Alpha": campaign}, STRANGERS)
