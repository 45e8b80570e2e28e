"""What a failure leaves behind: it takes nothing from the fields beside it, and says nothing in the log."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from app.errors import CursorExpiredError
from app.services.reads.request_reader import Reading
from graphql_schema.context import open_context
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tests.graphql_schema.small_world import Entity, SmallWorld, Tenant

LIST = """
  nodes { id ads { totalCount } metrics { spend } } edges { cursor } pageInfo { endCursor hasNextPage }
  totalCount unfilteredCount summary { spend } summaries { spend }
  comparison(to: {period: PREVIOUS_PERIOD}) { absolute { spend } }
  series(granularity: DAY) { points { metrics { spend } statusChanges { at } } }
"""
FAILING = "wrong: adsets(first: 99) { totalCount }"
DOCUMENTS = {
    "under a list": "{ campaigns { nodes { adsets { nodes { id } totalCount } metrics { spend } FAILING } } }",
    "snapshots": """{ campaign(id: ID) {
      snapshots(date: "2026-03-01") { nodes { fetchedAt } pageInfo { endCursor } } FAILING } }""",
    "a list": "{ campaign(id: ID) { adsets(first: 1) { LIST } FAILING } }",
    "a pinned list": "{ campaign(id: ID) { adsets(first: 1, orderBy: {field: SPEND}) { LIST } FAILING } }",
    "an entity": """{ campaign(id: ID) { metrics { spend } restatements { date } reconciliation { agrees }
      series(granularity: DAY) { metrics { spend } statusChanges { at } } adAccount { name } FAILING } }""",
}


def written(name: str, campaign: Entity, failing: str = FAILING) -> str:
    return DOCUMENTS[name].replace("FAILING", failing).replace("LIST", LIST).replace("ID", f'"{campaign.gid}"')


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    return await world.add_seller("acme")


@pytest.fixture
async def campaign(tenant: Tenant) -> Entity:
    campaign = await tenant.add_campaign(await tenant.add_account())
    for _ in range(2):
        await tenant.add_adset(campaign)
    return campaign


@pytest.fixture
async def said() -> AsyncGenerator[list[dict[str, Any]]]:
    """What asyncio would write into the log, at error level."""
    heard: list[dict[str, Any]] = []
    gc.collect()  # what other tests left behind is not this one's
    gc.freeze()  # nor need it be looked through each time
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: heard.append(context))
    yield heard
    loop.set_exception_handler(before)
    gc.unfreeze()


async def turn(count: int) -> None:
    """Let everything else go on, a little."""
    for _ in range(count):
        await asyncio.sleep(0)


async def nothing_is_left() -> None:
    """Every task but this one has ended."""
    async with asyncio.timeout(5):
        while others := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            await asyncio.wait(others)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_mistake_beside_fields_that_load_is_answered_and_not_logged(
    world: SmallWorld, tenant: Tenant, campaign: Entity, said: list[dict[str, Any]], name: str
) -> None:
    """Wherever the fields are when the request ends: waiting, reading, or about to ask for more."""
    document = written(name, campaign)
    for turns in (*range(10), *range(10, 60, 5)):
        async with open_context(world.services, tenant.claims()) as context:
            result = await schema.execute(document, context_value=context)
            await turn(turns)
        await nothing_is_left()
        codes = {(error.extensions or {}).get("code") for error in result.errors or []}
        del result, context
        gc.collect()  # what was abandoned with an exception, or waiting, says so now
        assert codes == {"BAD_USER_INPUT"}
        assert said == []


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_request_that_is_cancelled_leaves_nothing_and_logs_nothing(
    world: SmallWorld, tenant: Tenant, campaign: Entity, said: list[dict[str, Any]], name: str
) -> None:
    document, cancelled = written(name, campaign, failing=""), 0
    for turns in range(0, 60, 4):
        asking = asyncio.create_task(world.execute(document, tenant.claims(), {}))
        await turn(turns)
        asking.cancel()
        await asyncio.wait([asking])
        await nothing_is_left()
        cancelled += asking.cancelled()
        del asking
        gc.collect()
        assert said == []
    assert cancelled > 5  # the last ones may have been answered by then


async def test_a_failure_does_not_end_a_load_that_others_share(
    tenant: Tenant, campaign: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers under an entity that fails and under one that does not."""
    document = """query ($id: ID!) {
      failing: campaign(id: $id) { metrics { spend } adsets { nodes { id } } }
      other: campaign(id: $id) { metrics { spend } }
    }"""
    failed, load_metrics = asyncio.Event(), Reading.load_metrics

    async def fail(_reading: Reading, wanted: Sequence[Any]) -> list[Any]:
        failed.set()
        return [CursorExpiredError("after", "is gone")] * len(wanted)

    async def load_late(reading: Reading, wanted: Sequence[Any]) -> list[Any]:
        await failed.wait()
        await turn(50)
        return await load_metrics(reading, wanted)

    monkeypatch.setattr(Reading, "load_pages", fail)
    monkeypatch.setattr(Reading, "load_metrics", load_late)
    result = await tenant.world.execute(document, tenant.claims(), {"id": campaign.gid})

    assert result.data == {"failing": None, "other": {"metrics": {"spend": "0.00"}}}
    assert [error.path for error in result.errors or []] == [["failing", "adsets", "nodes"]]
