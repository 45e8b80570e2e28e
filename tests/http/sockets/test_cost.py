"""A subscription is prepared, priced and charged when it starts, as an operation over HTTP is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.http.application import create_application
from app.services.context import open_services
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import serving
from tests.http.sockets.client import PROGRESS, add_run, end_job, gid, opened, token_of

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

COST = 1 + 500 + 1 + 5


async def test_a_subscription_is_charged_once(database: ThrowawayDatabase, settings: Settings) -> None:
    limited = settings.model_copy(update={"user_cost_capacity": 2 * COST, "user_cost_per_minute": 1})
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        run = await add_run(tenant, jobs=1)
        async with serving(create_application(limited)) as address, opened(address) as socket:
            await socket.init(token_of(tenant))
            await socket.subscribe(PROGRESS, run=gid(run.run_id))
            messages: list[Any] = [await socket.hear()]
            await socket.subscribe(PROGRESS, "2", run=gid(run.run_id))
            refused = await socket.hear()
            await end_job(tenant, run, 0)
            while messages[-1]["type"] != "complete":
                messages.append(await socket.hear())

    first, *others = messages
    assert first["payload"]["extensions"]["cost"] == COST
    assert first["payload"]["extensions"]["costRemaining"] < COST
    assert all("extensions" not in message.get("payload", {}) for message in others)
    assert (refused["type"], refused["id"]) == ("error", "2")
    [error] = refused["payload"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] > 0


async def test_a_subscription_is_as_bounded_as_a_query(database: ThrowawayDatabase, settings: Settings) -> None:
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        async with serving(create_application(settings)) as address, opened(address) as socket:
            await socket.init(token_of(tenant))
            await socket.subscribe("subscription { statsSynced { " + "level " * 50 + "} }")
            pairs = await socket.hear()
            await socket.subscribe(PROGRESS, "2", run="x", other=["y"] * 6000)
            variables = await socket.hear()

    assert [error["extensions"]["counted"] for error in pairs["payload"]] == ["pairs of fields with one name"]
    assert [error["extensions"]["counted"] for error in variables["payload"]] == ["values"]
