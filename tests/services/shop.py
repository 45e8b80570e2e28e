"""A seller of a test, its accounts in the sandbox, and syncing them by doing their jobs in the test's own process.

Account "1" of a world: campaign 11 with ad set 111 (ads 1111, 1112) and ad set 112 (ad 1121); campaign 12 with ad
set 121 and ad 1211. Another account's ids begin with its own number. Every account lives in UTC.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from app import clock
from app.database.transactions import login_transaction, tenant_transaction
from app.identifiers import new_id
from app.providers.sandbox.world.csv_dataset import RecordedDelivery
from app.providers.sandbox.world.dataset import Account, AdDay, Delivered, Entity, Kind
from app.providers.sandbox.world.worlds import World
from app.queries.logins.address_book import NewUser, insert_membership, insert_user
from app.queries.sellers import NewSeller, insert_seller
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import ProviderKind, Role
from tests.sandbox.serving import serving
from tests.services.working import fetch, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from uuid import UUID

    from app.metrics.levels import Level
    from app.services.context import Services

TODAY = clock.today_in("UTC")
YESTERDAY = TODAY - timedelta(days=1)
CREATED = datetime(2026, 1, 2, 17, 30, tzinfo=UTC)
TREE = (
    (Kind.CAMPAIGN, "1", "", "Shoes"),
    (Kind.ADSET, "11", "1", "Broad"),
    (Kind.AD, "111", "11", "Red shoes"),
    (Kind.AD, "112", "11", "Blue shoes"),
    (Kind.ADSET, "12", "1", "Narrow"),
    (Kind.AD, "121", "12", "Green shoes"),
    (Kind.CAMPAIGN, "2", "", "Hats"),
    (Kind.ADSET, "21", "2", "Hats broad"),
    (Kind.AD, "211", "21", "Straw hat"),
)


def entities(account: str = "1") -> tuple[Entity, ...]:
    """The tree of an account."""
    return tuple(
        Entity(
            kind=kind,
            id=account + place,
            parent_id=account + parent if parent else None,
            name=name,
            created_at=CREATED,
            daily_budget=5000 if kind is Kind.CAMPAIGN else None,
        )
        for kind, place, parent, name in TREE
    )


def account(
    number: str = "1",
    *,
    days: Mapping[date, Sequence[AdDay]] | None = None,
    of: Iterable[Entity] | None = None,
    refused: Iterable[str] = (),
    unlisted: Iterable[str] = (),
    currency: str = "USD",
) -> Account:
    """An ad account whose token is `token-of-<number>`."""
    return Account(
        id=number,
        name=f"Account {number}",
        currency=currency,
        time_zone="UTC",
        access_token=f"token-of-{number}",
        entities=tuple(of) if of is not None else entities(number),
        delivery=RecordedDelivery(TODAY - timedelta(days=60), days if days is not None else three_days(number)),
        refused_ids=frozenset(refused),
        unlisted_ids=frozenset(unlisted),
    )


def three_days(number: str = "1") -> dict[date, list[AdDay]]:
    """What the account delivered: 60.00 in all, of which 58.00 by its first campaign."""
    return {
        TODAY - timedelta(days=2): [
            AdDay(f"{number}111", Delivered(1000, 5000, 60, 50, 40, 9, 6, 3, 12_345)),
            AdDay(f"{number}211", Delivered(200, 100, 3, 2)),
        ],
        YESTERDAY: [
            AdDay(f"{number}111", Delivered(3000, 700, 8, 7, 6, 5, 4, 3, 2000)),
            AdDay(f"{number}112", Delivered(1500, 300, 2, 1)),
        ],
        TODAY: [AdDay(f"{number}121", Delivered(300, 90, 1, 1))],
    }


@dataclass(frozen=True, slots=True)
class Shop:
    """A seller and the services that work for it; its sandbox answers at `url`."""

    services: Services
    seller_id: UUID
    url: str

    async def connect(self, number: str = "1", *, currency: str = "USD") -> UUID:
        """Connect an account of the sandbox and take over its structure."""
        wanted = AccountToConnect(
            provider=ProviderKind.META,
            external_id=number,
            name=f"Account {number}",
            time_zone="UTC",
            currency=currency,
            access_token=SecretStr(f"token-of-{number}"),
        )
        connection_id = await connect_account(self.services, seller_id=self.seller_id, account=wanted)
        await work_until_idle(self.services)
        return connection_id

    async def sync(self, *, days: int = 3, levels: Sequence[Level] | None = None) -> UUID:
        """Enqueue stats of the last days and do all jobs that are due; answers the run."""
        run = await enqueue_seller_sync(
            self.services,
            seller_id=self.seller_id,
            requested_by=None,
            from_date=TODAY - timedelta(days=days - 1),
            to_date=TODAY,
            levels=levels,
        )
        await work_until_idle(self.services)
        return run.run_id

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Rows as the seller sees them."""
        return [tuple(row) for row in await fetch(self.services, self.seller_id, query, *arguments)]

    async def mapping(self, query: str) -> dict[str, Any]:
        """From the first column of a query to its second."""
        return {row[0]: row[1] for row in await self.rows(query)}

    async def value(self, query: str, *arguments: object) -> Any:
        """The one value of a query."""
        return (await self.rows(query, *arguments))[0][0]

    async def arm(self, *faults: Mapping[str, object]) -> None:
        """Script trouble in the sandbox."""
        async with httpx.AsyncClient() as client:
            (await client.post(f"{self.url}/sandbox/faults", json=list(faults))).raise_for_status()

    async def disarm(self) -> None:
        """Let the sandbox be well again."""
        async with httpx.AsyncClient() as client:
            (await client.delete(f"{self.url}/sandbox/faults")).raise_for_status()

    async def calls(self, number: str = "1") -> dict[str, int]:
        """Edge → calls made for an account."""
        async with httpx.AsyncClient() as client:
            counts: dict[str, dict[str, int]] = (await client.get(f"{self.url}/sandbox/calls")).json()
        return counts.get(f"act_{number}", {})

    @contextmanager
    def when(self, *accounts: Account) -> Generator[Shop]:
        """The same seller while Meta says something else."""
        with serving(World(accounts=accounts)) as url:
            yield replace(self, services=pointed_at(self.services, url), url=url)


def pointed_at(services: Services, url: str, **changes: object) -> Services:
    """Services that take the sandbox at this URL for Meta."""
    return replace(services, settings=services.settings.model_copy(update={"meta_graph_url": url, **changes}))


async def add_seller(services: Services, slug: str = "shop") -> UUID:
    """A seller without anything."""
    seller = NewSeller(id=new_id(), slug=slug, name=slug.title(), time_zone="UTC", currency="USD")
    async with tenant_transaction(services.database.app, seller.id) as driver:
        await insert_seller(driver, seller, now=clock.now())
    return seller.id


async def add_owner(services: Services, seller_id: UUID) -> UUID:
    """Somebody who may ask for everything."""
    user = NewUser(id=new_id(), email="owner@shop.example", name="Owner", password_hash="none")
    async with login_transaction(services.database.app, user.email) as driver:
        await insert_user(driver, user, now=clock.now())
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await insert_membership(driver, seller_id=seller_id, user_id=user.id, role=Role.OWNER, now=clock.now())
    return user.id


@contextmanager
def sandbox_for(services: Services, seller_id: UUID, *accounts: Account) -> Generator[Shop]:
    """A shop whose history is synced only when asked for."""
    with serving(World(accounts=accounts or (account(),))) as url:
        yield Shop(pointed_at(services, url, backfill_days=0), seller_id, url)
