"""Sockets are for members: who is none gets none, and who is no longer loses it within seconds, with all that ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from app.http.application import create_application
from app.services.context import open_services
from app.services.following import seller_feed
from app.services.reads.request_snapshot import RequestSnapshot
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import serving
from tests.http.sockets.client import PROGRESS, add_run, end_job, gid, opened, token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.small_world import Tenant

ENDS = {
    "removed": "DELETE FROM memberships WHERE seller_id = $1 AND user_id = $2",
    "user deactivated": "UPDATE users SET is_active = false WHERE id = $2 AND $1::uuid IS NOT NULL",
    "seller deactivated": "UPDATE sellers SET is_active = false WHERE id = $1 AND $2::uuid IS NOT NULL",
}
STATS = "subscription { statsSynced { rowsWritten } }"
ENDED = (4403, "The access token is no longer valid.")
AWAY = (1013, "The database is not answering right now.")


@dataclass(frozen=True)
class Stage:
    tenant: Tenant
    stranger: Tenant
    address: str


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    settings = settings.model_copy(update={"membership_check_seconds": 0.3})
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        tenant, stranger = await world.add_seller("acme"), await world.add_seller("stranger")
        async with serving(create_application(settings)) as address:
            yield Stage(tenant, stranger, address)


async def end(tenant: Tenant, how: str) -> None:
    await tenant.world.write(ENDS[how], tenant.seller_id, tenant.user_id)


@pytest.mark.parametrize("how", ENDS)
async def test_a_former_member_gets_no_socket(stage: Stage, how: str) -> None:
    await end(stage.tenant, how)
    async with opened(stage.address) as socket:
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token_of(stage.tenant)}"})
        assert await socket.closing() == ENDED


async def test_a_token_for_a_seller_that_its_user_never_belonged_to_gets_no_socket(stage: Stage) -> None:
    forged = token_of(_of(stage.stranger, stage.tenant))
    async with opened(stage.address) as socket:
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {forged}"})
        assert await socket.closing() == ENDED


def _of(user: Tenant, seller: Tenant) -> Tenant:
    """The one's user with a token for the other."""
    return type(user)(user.world, seller.seller_id, user.user_id)


@pytest.mark.parametrize("how", ENDS)
async def test_a_socket_and_what_runs_on_it_end_with_the_membership(stage: Stage, how: str) -> None:
    run = await add_run(stage.tenant)
    async with opened(stage.address) as socket, opened(stage.address) as silent, opened(stage.address) as theirs:
        for one, whose in ((socket, stage.tenant), (silent, stage.tenant), (theirs, stage.stranger)):
            await one.init(token_of(whose))
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        await socket.subscribe(STATS, "2")
        assert (await socket.value())["jobsEnded"] == 0
        await end(stage.tenant, how)
        await end_job(stage.tenant, run, 0)

        messages: list[Any] = []
        assert await socket.closing(messages) == ENDED
        assert [message for message in messages if message["payload"]["data"]["syncProgress"]["jobsEnded"]] == []
        assert await silent.closing() == ENDED
        await theirs.say(type="ping")
        assert await theirs.hear() == {"type": "pong"}


async def test_a_database_that_is_away_at_the_init_is_no_fault_of_the_client(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_self: RequestSnapshot) -> None:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(RequestSnapshot, "open", away)
    async with opened(stage.address) as socket:
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token_of(stage.tenant)}"})
        assert await socket.closing() == AWAY


async def test_a_membership_that_can_not_be_checked_for_long_ends_the_socket(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> set[Any]:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(seller_feed, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(seller_feed, "list_members", away)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        assert await socket.closing() == AWAY
