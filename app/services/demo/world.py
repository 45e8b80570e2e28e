"""The sellers of the demo: three that live from mock accounts. One has an account and a page in the sandbox as well.

Their ids are fixed, so that the mock's history is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from pydantic import SecretStr

from app.providers.sandbox.world import worlds
from app.services.connections.connecting import AccountToConnect, PageToConnect
from app.vocabulary import ProviderKind

DEMO_PASSWORD = "pixecom-demo"  # noqa: S105  # printed by `pixecom up`; DEMO_LOGIN is refused in production


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """A login that a visitor of a development installation may use."""

    seller_name: str
    seller_slug: str
    email: str
    password: str = DEMO_PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSeller:
    """A seller of the demo with its accounts, landing pages (name by URL) and pages."""

    id: UUID
    slug: str
    name: str
    time_zone: str
    currency: str
    owner: str
    accounts: tuple[AccountToConnect, ...]
    sellpages: dict[str, str] = field(default_factory=dict[str, str])
    pages: tuple[PageToConnect, ...] = ()

    @property
    def login(self) -> DemoLogin:
        return DemoLogin(seller_name=self.name, seller_slug=self.slug, email=f"{self.slug}@demo.pixecom.example")


def _mock(external_id: str, name: str, time_zone: str, currency: str) -> AccountToConnect:
    return AccountToConnect(
        provider=ProviderKind.MOCK,
        external_id=external_id,
        name=name,
        time_zone=time_zone,
        currency=currency,
    )


_NORTHWIND = DemoSeller(
    id=UUID("01930000-0000-7000-8000-000000000001"),
    slug="northwind",
    name="Northwind Outdoor",
    time_zone="America/Los_Angeles",
    currency="USD",
    owner="Nora Lindqvist",
    accounts=(
        _mock("mock-northwind-us", "Northwind US", "America/Los_Angeles", "USD"),
        _mock("mock-northwind-east", "Northwind East Coast", "America/New_York", "USD"),
        AccountToConnect(
            provider=ProviderKind.META,
            external_id=worlds.DEMO_ACCOUNT_ID,
            name="Northwind on Meta (sandbox)",
            time_zone=worlds.DEMO_TIME_ZONE,
            currency=worlds.DEMO_CURRENCY,
            access_token=SecretStr(worlds.DEMO_ACCESS_TOKEN),
            is_primary=True,
        ),
    ),
    sellpages={
        "https://northwind.example/tents": "Ultralight tents",
        "https://northwind.example/jackets": "Storm jackets",
        "https://northwind.example/sale": "End of season sale",
    },
    pages=(
        PageToConnect(
            provider=ProviderKind.META,
            external_id=worlds.DEMO_PAGE_ID,
            name="Northwind's page (sandbox)",
            access_token=SecretStr(worlds.DEMO_PAGE_ACCESS_TOKEN),
        ),
    ),
)

_ALPEN = DemoSeller(
    id=UUID("01930000-0000-7000-8000-000000000002"),
    slug="alpen-kaffee",
    name="Alpen Kaffee",
    time_zone="Europe/Berlin",
    currency="EUR",
    owner="Anton Huber",
    accounts=(
        _mock("mock-alpen-de", "Alpen Kaffee DE", "Europe/Berlin", "EUR"),
        _mock("mock-alpen-ch", "Alpen Kaffee CH", "Europe/Zurich", "CHF"),
    ),
    sellpages={
        "https://alpen-kaffee.example/bohnen": "Whole beans",
        "https://alpen-kaffee.example/abo": "Subscription",
    },
)

_SAIGON = DemoSeller(
    id=UUID("01930000-0000-7000-8000-000000000003"),
    slug="saigon-silk",
    name="Saigon Silk",
    time_zone="Asia/Ho_Chi_Minh",
    currency="USD",
    owner="Linh Tran",
    accounts=(_mock("mock-saigon-silk", "Saigon Silk", "Asia/Ho_Chi_Minh", "USD"),),
    sellpages={
        "https://saigon-silk.example/scarves": "Silk scarves",
        "https://saigon-silk.example/ao-dai": "Ao dai",
    },
)

# `--sandbox-data`: its only account is served from the file.
CSV_SELLER = DemoSeller(
    id=UUID("01930000-0000-7000-8000-000000000009"),
    slug="kag",
    name="KAG",
    time_zone=worlds.CSV_TIME_ZONE,
    currency=worlds.CSV_CURRENCY,
    owner="Kim Agnew",
    accounts=(
        AccountToConnect(
            provider=ProviderKind.META,
            external_id=worlds.CSV_ACCOUNT_ID,
            name="KAG (CSV)",
            time_zone=worlds.CSV_TIME_ZONE,
            currency=worlds.CSV_CURRENCY,
            access_token=SecretStr(worlds.CSV_ACCESS_TOKEN),
            is_primary=True,
        ),
    ),
)

DEMO_SELLERS = (_NORTHWIND, _ALPEN, _SAIGON)
