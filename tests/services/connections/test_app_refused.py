"""A wrong META_APP_ID is a finding about the installation: no connection dies of it, and what has died of it heals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.cli.reports.status_advice import list_advice, summarize
from app.database.transactions import work_transaction
from app.errors import AppRefusedError
from app.identifiers import new_id
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID
from app.queries.jobs.failing_work import count_outdated
from app.services.connections.token_check import check_token, check_tokens
from app.services.connections.token_rotation import rotate_token
from app.services.connections.token_survey import survey_tokens
from app.services.fleet_status import read_fleet_status
from app.vocabulary import ConnectionKind
from tests.services.shop import account, add_seller, pointed_at, sandbox_for
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.services.context import Services
    from tests.services.shop import Shop

_HEALTH = "SELECT health, health_class FROM fb_connections ORDER BY external_id"
_DIE = """UPDATE fb_connections
SET health = 'UNHEALTHY', health_class = $1, health_reason = 'Meta answered', health_changed_at = $2
RETURNING id"""


@pytest.fixture
async def shop(services: Services) -> AsyncIterator[Shop]:
    with sandbox_for(services, await add_seller(services), account("1"), account("2")) as opened:
        yield opened


def as_app(shop: Shop, app_id: str) -> Services:
    secret = SecretStr("an-app-secret")
    return pointed_at(shop.services, shop.url, meta_app_id=app_id, meta_app_secret=secret, backfill_days=90)


async def test_a_wrong_app_is_a_finding_and_no_connection_is_lost(shop: Shop) -> None:
    connection_id, _ = await shop.connect("1"), await shop.connect("2")
    wrong, right = as_app(shop, "999"), as_app(shop, SANDBOX_APP_ID)
    later = clock.now() + timedelta(days=1, minutes=1)
    with clock.frozen(later):
        assert await check_tokens(wrong, seller_id=shop.seller_id) == 0
        rows = await fetch_work(wrong, "SELECT rounds FROM failing_work")
        assert await check_tokens(wrong, seller_id=shop.seller_id) == 0
        assert await fetch_work(wrong, "SELECT rounds FROM failing_work") == rows  # not asked again so soon
    with pytest.raises(AppRefusedError):
        await check_token(wrong, seller_id=shop.seller_id, connection_id=connection_id)
    assert await shop.rows(_HEALTH) == [("HEALTHY", None)] * 2

    status = await read_fleet_status(wrong, seller_slug=None)
    assert not status.is_well
    assert [each.refusal for each in status.connections] == [None, None]  # only never synced
    [finding] = status.outdated
    assert finding.reason.startswith("Meta does not accept META_APP_ID with META_APP_SECRET: ")
    [advice] = [each for each in list_advice(status) if "META_APP_ID" in each]
    assert "set both" in advice
    assert "Meta refuses this installation (Meta does not accept META_APP_ID" in summarize(status)
    async with work_transaction(wrong.database.app) as driver:
        assert await count_outdated(driver) == {}

    await check_token(right, seller_id=shop.seller_id, connection_id=connection_id)
    assert (await read_fleet_status(right, seller_slug=None)).outdated == ()


async def test_a_wrong_app_keeps_no_new_token_out(shop: Shop) -> None:
    connection_id = await shop.connect()
    run = await rotate_token(
        as_app(shop, "999"),
        seller_id=shop.seller_id,
        connection_id=connection_id,
        kind=ConnectionKind.AD_ACCOUNT,
        access_token=SecretStr("token-of-1"),
        actor_id=new_id(),
    )
    assert run is not None


@pytest.mark.parametrize(
    ("trouble", "app_id", "expected"),
    [
        ("TOKEN", SANDBOX_APP_ID, ("HEALTHY", None)),
        ("TOKEN", "999", ("UNHEALTHY", "TOKEN")),
        ("PERMISSION", SANDBOX_APP_ID, ("UNHEALTHY", "PERMISSION")),
    ],
)
async def test_a_living_token_heals_trouble_with_tokens(
    shop: Shop, trouble: str, app_id: str, expected: tuple[str, str | None]
) -> None:
    await shop.connect()
    await shop.rows(_DIE, trouble, clock.now() - timedelta(days=20))
    survey = survey_tokens(as_app(shop, app_id), before=lambda _seller, _connection: None)
    found = [each async for each in survey]
    assert await shop.rows(_HEALTH) == [expected]
    is_healed = expected[0] == "HEALTHY"
    assert [each.is_healed for each in found] == [is_healed]
    waiting = "SELECT now()::date - min((unit->>'from')::date) >= 19 FROM jobs WHERE state = 'QUEUED'"
    assert [row[0] for row in await fetch_work(shop.services, waiting)] == [True if is_healed else None]
