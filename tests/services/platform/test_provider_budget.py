"""Meta's client, the shared budget and the sandbox together: real HTTP, real Valkey, two workers of one account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import (
    PermissionDeniedError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    ThrottleScope,
    TokenRejectedError,
)
from app.identifiers import new_id
from app.metrics.levels import Level
from app.providers.contract import EntityStatus
from app.providers.meta.insights.report_policy import ReportPolicy
from app.providers.meta.provider import MetaProvider
from app.queries.connections.connections import find_connection
from app.queries.jobs.claims import ClaimedJob
from app.services.jobs.lease import Lease
from app.services.platform.call_budget import CallBudgets
from app.services.platform.provider_access import inspect_token, open_page_provider, open_provider, read_token
from app.vocabulary import ConnectionHealth, ConnectionKind, ConnectionTrouble, Priority, ProviderKind, UseCase
from tests.redis_clients import redis_client
from tests.services.shop import TODAY, add_seller, sandbox_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from app.providers.contract import AdProvider, InsightRow
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from tests.services.shop import Shop

SINCE = TODAY - timedelta(days=2)


@pytest.fixture
async def shop(services: Services) -> AsyncIterator[Shop]:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as opened:
        yield opened


@pytest.fixture
async def other_worker(shop: Shop) -> AsyncIterator[Services]:
    """What a second worker process has of its own: its connection to Redis and its memory."""
    url = shop.services.settings.redis_url.get_secret_value()
    async with redis_client(url) as redis:
        yield replace(shop.services, redis=redis, budgets=CallBudgets(redis))


async def connection_of(shop: Shop, connection_id: UUID) -> Connection:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        connection = await find_connection(driver, seller_id=shop.seller_id, connection_id=connection_id)
    assert connection is not None
    return connection


async def script(shop: Shop, name: str, **rule: object) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{shop.url}/sandbox/{name}", json=rule)).raise_for_status()


def limited(services: Services, calls: int) -> Services:
    return replace(services, settings=services.settings.model_copy(update={"meta_calls_per_hour": calls}))


async def read(provider: AdProvider, level: Level = Level.AD, *, expected_rows: int | None = None) -> list[InsightRow]:
    pages = provider.read_insights(level, SINCE, TODAY, expected_rows=expected_rows)
    return [row async for page in pages for row in page]


def tick(services: Services, connection: Connection) -> Lease:
    """A try of a job of the schedule."""
    job = ClaimedJob(
        id=new_id(),
        kind="stats",
        key="a tick",
        seller_id=connection.seller_id,
        connection_id=connection.id,
        unit={},
        progress=None,
        use_case=UseCase.ADS_INSIGHTS,
        pause_scopes=(),
        attempt=1,
        tries=0,
        max_tries=3,
        losses=0,
        priority=Priority.SCHEDULED,
        claimed_at=clock.now(),
    )
    return Lease(services, job, timedelta(minutes=1))


async def throttled(provider: AdProvider) -> ProviderThrottledError:
    with pytest.raises(ProviderThrottledError) as raised:
        await read(provider)
    return raised.value


async def test_workers_share_the_hour_of_an_account(shop: Shop, other_worker: Services) -> None:
    connection = await connection_of(shop, await shop.connect())
    mine = open_provider(limited(shop.services, 3), connection)
    theirs = open_provider(limited(other_worker, 3), connection)
    for provider in (mine, theirs, mine):
        await read(provider)
    before = await shop.calls()

    error = await throttled(theirs)
    assert (error.scope, error.use_case) == (ThrottleScope.JOB, UseCase.ADS_INSIGHTS)
    assert timedelta(minutes=9) < error.retry_at - clock.now() <= timedelta(minutes=10)
    assert await shop.calls() == before
    [outcome] = await theirs.set_status(Level.AD, ["1111"], EntityStatus.PAUSED)
    assert outcome.accepted


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [({"percent": 85}, 60), ({"percent": 96.5}, 60), ({"percent": 96.5, "reset_seconds": 9}, 9)],
)
async def test_all_workers_pause_before_meta_has_to_ask(
    shop: Shop,
    other_worker: Services,
    stated: dict[str, float],
    seconds: int,
) -> None:
    connection = await connection_of(shop, await shop.connect())
    await script(shop, "usage", **stated, use_case="ads_insights")
    assert len(await read(open_provider(shop.services, connection, tick(shop.services, connection)))) == 5
    before = await shop.calls()

    error = await throttled(open_provider(other_worker, connection, tick(other_worker, connection)))
    wait = error.retry_at - clock.now()
    assert timedelta(seconds=seconds - 8) < wait <= timedelta(seconds=seconds)
    assert await shop.calls() == before
    other = open_provider(other_worker, connection, tick(other_worker, connection))
    statuses = [page async for page in other.list_statuses(Level.AD)]
    assert len(statuses) == 1  # another use case has a quota of its own
    assert len(await read(open_provider(other_worker, connection))) == 5  # a person's


@pytest.mark.parametrize(
    ("rule", "scope", "stops_management"),
    [
        ({"use_case": "ads_insights"}, ThrottleScope.USE_CASE, False),
        ({"account": "act_1"}, ThrottleScope.ACCOUNT, True),
        ({"whole_app": True}, ThrottleScope.APP, True),
    ],
)
async def test_a_throttle_of_metas_is_seen_by_the_other_worker(
    shop: Shop,
    other_worker: Services,
    rule: dict[str, object],
    scope: ThrottleScope,
    *,
    stops_management: bool,
) -> None:
    connection = await connection_of(shop, await shop.connect())
    await script(shop, "throttles", **rule, seconds=900)
    error = await throttled(open_provider(shop.services, connection))
    before = await shop.calls()

    assert error.scope is scope
    assert error.code is not None
    assert timedelta(minutes=14) < error.retry_at - clock.now() <= timedelta(minutes=15)
    again = await throttled(open_provider(other_worker, connection))
    assert again.code is None
    assert abs(again.retry_at - error.retry_at) < timedelta(seconds=1)
    assert await shop.calls() == before
    change = open_provider(other_worker, connection).set_status(Level.AD, ["1111"], EntityStatus.PAUSED)
    if stops_management:
        with pytest.raises(ProviderThrottledError):
            await change
    else:
        assert [outcome.accepted for outcome in await change] == [True]


async def no_pause(_seconds: float) -> None:
    pass


def reporting(shop: Shop, connection: Connection, **policy: object) -> MetaProvider:
    """The account's provider, whose reports are not waited for in earnest."""
    return MetaProvider(
        shop.services.http,
        graph_url=shop.url,
        api_version="v26.0",
        account_external_id=connection.external_id,
        access_token=read_token(shop.services, connection),
        report_policy=replace(ReportPolicy(async_rows=100, sleep=no_pause), **policy),
    )


@pytest.mark.parametrize("level", list(Level))
async def test_a_report_says_what_a_call_says(shop: Shop, level: Level) -> None:
    provider = reporting(shop, await connection_of(shop, await shop.connect()))
    await script(shop, "reports", missing_polls=1, not_started_polls=1, started_polls=1, running_polls=2)
    at_once = await read(provider, level)

    assert await read(provider, level, expected_rows=100) == at_once
    assert len(at_once) >= 3


@pytest.mark.parametrize("answer", ["too_much_data", "timed_out"])
async def test_too_much_at_once_comes_as_a_report(shop: Shop, answer: str) -> None:
    provider = reporting(shop, await connection_of(shop, await shop.connect()))
    at_once = await read(provider)
    await script(shop, "limits", rows=3, answer=answer)

    assert await read(provider) == at_once


def sorted_rows(rows: list[InsightRow]) -> list[tuple[str, str, int]]:
    return sorted((row.external_id, row.stat_date.isoformat(), row.counters.spend_micros) for row in rows)


@pytest.mark.parametrize("level", [Level.ACCOUNT, Level.CAMPAIGN, Level.AD])
async def test_reports_that_fail_are_cut_and_lose_nothing(shop: Shop, level: Level) -> None:
    provider = reporting(shop, await connection_of(shop, await shop.connect()))
    at_once = await read(provider, level)
    await script(shop, "reports", ends="failed", times=4)
    cut = await read(provider, level, expected_rows=100)

    assert sorted_rows(cut) == sorted_rows(at_once)


async def test_reports_that_always_fail_are_tried_again_later(shop: Shop) -> None:
    """Smaller ones were tried before."""
    provider = reporting(shop, await connection_of(shop, await shop.connect()))
    await script(shop, "reports", ends="skipped")

    with pytest.raises(ProviderTransientError, match="even the smallest"):
        await read(provider, expected_rows=100)


async def test_a_report_that_never_ends_is_left(shop: Shop) -> None:
    provider = reporting(shop, await connection_of(shop, await shop.connect()), timeout=timedelta(seconds=30))
    await script(shop, "reports", running_polls=1000)

    with pytest.raises(ProviderTransientError, match=r"did not finish the insights reports within 0\.5 minutes"):
        await read(provider, expected_rows=100)


async def test_a_page_provider_is_for_working_pages_of_meta(shop: Shop) -> None:
    page = replace(await connection_of(shop, await shop.connect()), kind=ConnectionKind.PAGE)
    before = await shop.calls()

    with pytest.raises(RequestRefusedError, match="has no pages"):
        open_page_provider(shop.services, replace(page, provider=ProviderKind.MOCK))
    with pytest.raises(RequestRefusedError, match="no work is done"):
        open_page_provider(shop.services, replace(page, is_active=False))
    refused = replace(page, health=ConnectionHealth.UNHEALTHY, health_reason="Session has expired")
    for trouble, error in (
        (ConnectionTrouble.TOKEN, TokenRejectedError),
        (ConnectionTrouble.PERMISSION, PermissionDeniedError),
    ):
        with pytest.raises(error, match=r"^Session has expired$"):
            open_page_provider(shop.services, replace(refused, trouble=trouble))
    with pytest.raises(TokenRejectedError, match="has no access token"):
        open_page_provider(shop.services, replace(page, token_ciphertext=None))
    assert await shop.calls() == before
    assert (await inspect_token(shop.services, replace(page, provider=ProviderKind.MOCK))).is_valid
