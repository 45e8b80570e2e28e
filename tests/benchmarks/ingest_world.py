"""Sellers whose accounts `insight_pages` answers for, in an empty database of the benchmark's own servers."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
from pydantic import SecretStr

from app import clock
from app.configuration.settings import Settings
from app.database.migration import upgrade
from app.database.transactions import tenant_transaction, work_transaction
from app.embedded.child import ChildSpec, start_child
from app.embedded.data_directory import open_data_directory
from app.embedded.ports import LOOPBACK, find_free_port
from app.embedded.roles import SUPERUSER, create_database
from app.embedded.servers import start_servers
from app.embedded.session import open_session
from app.embedded.urls import database_urls
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.contract import AdRecord, AdsetRecord, CampaignRecord
from app.queries.connections.connections import find_connection
from app.queries.sellers import (
    NewSeller,
    NewSellpage,
    assign_campaigns,
    insert_seller,
    insert_sellpages,
    insert_strategy,
)
from app.queries.structure import structure
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.context import open_services
from app.vocabulary import EntityStatus, ProviderKind
from tests.benchmarks.insight_pages import Place, Shape, list_places

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from uuid import UUID

    from app.queries.connections.connections import Connection
    from app.services.context import Services

NAME = "bench_ingest"
CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
SELLPAGES = 10
ACTIVE = EntityStatus.ACTIVE


class Stand(NamedTuple):
    """An empty, migrated database; `owner_url` holds a password."""

    settings: Settings
    owner_url: str
    server_pid: int


@contextmanager
def open_stand(directory: Path, shape: Shape) -> Generator[Stand]:
    """Start the servers with an empty database, and `insight_pages` in Meta's place; all end with the block."""
    data = open_data_directory(directory, user="benchmarks")
    try:
        servers = start_servers(data)  # they keep what is committed, as in production: that is part of the cost
        stack = ExitStack()
        try:
            urls = database_urls(servers.postgres.port, servers.secrets, NAME)
            asyncio.run(_make_database(servers.postgres.port, servers.secrets.superuser_password))
            upgrade(urls.owner_url)
            pages_port = stack.enter_context(serving_pages(shape, directory / "logs"))
            settings = Settings.model_validate(
                {
                    "database_url": urls.app_url,
                    "system_database_url": urls.system_url,
                    "redis_url": servers.redis_url,
                    "auth_secret": servers.secrets.auth_secret,
                    "token_encryption_keys": servers.secrets.token_encryption_keys,
                    "meta_graph_url": f"http://{LOOPBACK}:{pages_port}",
                    "meta_calls_per_hour": 1_000_000,
                    "meta_async_rows": 1_000_000_000,
                    "backfill_days": 0,
                }
            )
            yield Stand(settings, urls.owner_url, servers.postgres.child.pid)
        finally:
            stack.close()
            servers.stop()
    finally:
        data.close()


async def _make_database(port: int, password: str) -> None:
    session = await open_session(port=port, role=SUPERUSER, password=password, database="postgres")
    try:
        await session.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        await create_database(session, NAME)
    finally:
        await session.close()


@contextmanager
def serving_pages(shape: Shape, logs: Path) -> Generator[int]:
    """The port of `insight_pages`, in a process of its own."""
    port = find_free_port()
    spec = ChildSpec(
        name="insight-pages",
        command=(sys.executable, "-m", "tests.benchmarks.insight_pages", str(port), *(str(each) for each in shape)),
        log_path=logs / "insight-pages.log",
        environment=dict(os.environ),
        directory=CHECKOUT,
    )
    child = start_child(spec)
    try:
        _wait_until_answers(port)
        yield port
    finally:
        child.stop(grace=5)


def _wait_until_answers(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"http://{LOOPBACK}:{port}/")
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@dataclass(frozen=True, slots=True)
class World:
    """Services, and one account for each seller."""

    services: Services
    connections: list[Connection]


@asynccontextmanager
async def open_world(settings: Settings, shape: Shape, *, sellers: int) -> AsyncGenerator[World]:
    """Sellers `1`, `2`, … with an account each; the platform's tree is known already."""
    async with open_services(settings, process="benchmark") as services:
        yield World(services, [await _add_seller(services, shape, str(100 + place)) for place in range(sellers)])


async def _add_seller(services: Services, shape: Shape, number: str) -> Connection:
    seller = NewSeller(id=new_id(), slug=f"seller-{number}", name=number, time_zone="UTC", currency="USD")
    async with tenant_transaction(services.database.app, seller.id) as driver:
        await insert_seller(driver, seller, now=clock.now())
    account = AccountToConnect(
        provider=ProviderKind.META,
        external_id=number,
        name=number,
        time_zone="UTC",
        currency="USD",
        access_token=SecretStr("token"),
    )
    connection_id = await connect_account(services, seller_id=seller.id, account=account)
    async with work_transaction(services.database.app) as driver:  # its structure is known without asking
        await driver.execute("UPDATE jobs SET state = 'CANCELLED', ended_at = now() WHERE state = 'QUEUED'")
    async with tenant_transaction(services.database.app, seller.id) as driver:
        connection = await find_connection(driver, seller_id=seller.id, connection_id=connection_id)
        assert connection is not None
        now = clock.now()
        await structure.upsert_campaigns(driver, connection, _campaigns(shape, number), asked_at=now, now=now)
        await structure.upsert_adsets(driver, connection, _adsets(shape, number), asked_at=now, now=now)
        await structure.upsert_ads(driver, connection, _ads(shape, number), asked_at=now, now=now)
        await _assign(services, connection)
    return connection


async def _assign(services: Services, connection: Connection) -> None:
    seller_id, now, strategy = connection.seller_id, clock.now(), new_id()
    pages = [NewSellpage(id=new_id(), name=f"{each}", url=f"https://{each}.example") for each in range(SELLPAGES)]
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await insert_sellpages(driver, seller_id, pages, now=now)
        await insert_strategy(driver, seller_id, strategy_id=strategy, name="s", description="", now=now)


async def assign_all(services: Services, connection: Connection) -> None:
    """Let every campaign lead to one of the landing pages."""
    seller_id = connection.seller_id
    async with tenant_transaction(services.database.app, seller_id) as driver:
        campaigns: list[UUID] = [
            row["id"] for row in await driver.fetch("SELECT id FROM campaigns WHERE seller_id = $1", seller_id)
        ]
        pages = [row["id"] for row in await driver.fetch("SELECT id FROM sellpages WHERE seller_id = $1", seller_id)]
        strategy = await driver.fetchval("SELECT id FROM ad_strategies WHERE seller_id = $1", seller_id)
        chosen = [(each, pages[place % len(pages)], strategy) for place, each in enumerate(campaigns)]
        await assign_campaigns(driver, seller_id, chosen, now=clock.now())


def _campaigns(shape: Shape, number: str) -> list[CampaignRecord]:
    places = list_places(shape, number, Level.CAMPAIGN)
    return [CampaignRecord(external_id=each.id, name=each.name, status=ACTIVE) for each in places]


def _adsets(shape: Shape, number: str) -> list[AdsetRecord]:
    return [
        AdsetRecord(
            external_id=each.id,
            campaign_external_id=Place(number, each.campaign).id,
            name=each.name,
            status=ACTIVE,
        )
        for each in list_places(shape, number, Level.ADSET)
    ]


def _ads(shape: Shape, number: str) -> list[AdRecord]:
    return [
        AdRecord(
            external_id=each.id,
            adset_external_id=Place(number, each.campaign, each.adset).id,
            campaign_external_id=Place(number, each.campaign).id,
            name=each.name,
            status=ACTIVE,
        )
        for each in list_places(shape, number, Level.AD)
    ]
