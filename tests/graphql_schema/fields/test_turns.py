"""A large answer lets others be served while it is made, and is the same answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import finalize

import pytest
from graphql import get_introspection_query
from graphql.execution.executor import Executor

from app.metrics.definitions import METRICS
from graphql_schema.execution import answer_executor
from graphql_schema.fields import turns
from graphql_schema.fields.loader import Loader
from graphql_schema.fields.selection import FIELDS_OF_AN_OBJECT
from graphql_schema.fields.turns import AT_ONCE, Turns
from graphql_schema.numbers import series

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractContextManager

    from app.services.reads.metrics import MetricsReading
    from graphql_schema.numbers.metrics import Metrics
    from tests.graphql_schema.small_world import SmallWorld, Tenant

FIELDS = "id name externalId status deliveryStatus deliveryReason createdAt updatedAt"
NUMBERS = f"metrics {{ {' '.join(metric.graphql_name for metric in METRICS)} }}"
OBJECT = 8 + 1 + len(METRICS) + 3  # an entity's fields: its own, its metrics', and those that lead to its children
TREE = f"""{{ campaigns(first: 100) {{ nodes {{ {FIELDS} {NUMBERS} adAccount {{ name }}
  adsets(first: 50) {{ nodes {{ {FIELDS} {NUMBERS} adAccount {{ name }}
    ads(first: 50) {{ nodes {{ {FIELDS} {NUMBERS} adAccount {{ name }} }} }} }} }} }} }} }}"""
SERIES = f"""{{ campaigns(first: 3) {{ nodes {{ series(granularity: DAY, range: {{preset: LAST_90_DAYS}}) {{
  from to {NUMBERS} statusChanges {{ at }} }} }} }} }}"""
TYPES = get_introspection_query()
RANGES = " ".join(
    f'r{day}: metrics(range: {{custom: {{from: "2026-01-{day:02}", to: "2026-02-01"}}}}) {{ spend }}'
    for day in range(1, AT_ONCE + 1)
)
ALIASES = " ".join(f"f{number}: name" for number in range(190))
MANY_ALIASES = f"{{ campaigns(first: 100) {{ nodes {{ {ALIASES} }} }} }}"
MANY_RANGES = f"{{ campaigns(first: 100) {{ nodes {{ {RANGES} }} }} }}"
WIDE_VALUES = f"""{{ campaigns(first: 100) {{ nodes {{
  metrics {{ {" ".join(f"f{number}: spend" for number in range(190))} }} }} }} }}"""
DEEP_ALIASES = f"{{ campaigns(first: 100) {{ edges {{ node {{ {ALIASES} }} }} }} }}"
PARTLY_WRONG = """{ campaigns(first: 100) { nodes { id
  adset: adsets(first: 1) { nodes { wrong: ads(first: 99) { totalCount } } } metrics { spend } } }
  ads(first: 100) { edges { cursor node { id campaign { id } } } }
  again: ads(first: 100, orderBy: {field: SPEND}) { nodes { name } pageInfo { endCursor } } }"""


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    """40 campaigns, of which one is wide."""
    tenant = await shared_world.add_seller("acme")
    async with shared_world.filling():
        account = await tenant.add_account()
        campaigns = [await tenant.add_campaign(account) for _ in range(40)]
        adsets = [await tenant.add_adset(campaign) for campaign in [*campaigns[:1] * 10, *campaigns[1:]]]
        for place in range(120):
            await tenant.add_ad(adsets[place % 10])
    return tenant


@pytest.fixture
async def fields_by_turn(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[list[int]]:
    """How many fields were resolved in each turn of the event loop, from now to the end of the test."""
    async with calls_by_turn(monkeypatch, Executor, "execute_field") as counts:
        yield counts


@pytest.fixture
async def loads_by_turn(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[list[int]]:
    """How many keys were asked for in each turn of the event loop, from now to the end of the test."""
    async with calls_by_turn(monkeypatch, Loader, "load") as counts:
        yield counts


@asynccontextmanager
async def calls_by_turn(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str) -> AsyncGenerator[list[int]]:
    counts = [0]
    original = getattr(owner, method)

    def counting(*args: Any, **options: Any) -> Any:
        counts[-1] += 1
        return original(*args, **options)

    async def turn() -> None:
        while True:
            await asyncio.sleep(0)
            counts.append(0)

    monkeypatch.setattr(owner, method, counting)
    turning = asyncio.create_task(turn())
    try:
        yield counts
    finally:
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning


def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (turns, answer_executor):
        monkeypatch.setattr(module, "AT_ONCE", 10**9)


@pytest.mark.parametrize("document", [TREE, SERIES, TYPES])
async def test_no_turn_resolves_many_fields(tenant: Tenant, fields_by_turn: list[int], document: str) -> None:
    await tenant.ask(document)
    assert sum(fields_by_turn) > 6 * AT_ONCE * OBJECT / 2
    assert max(fields_by_turn) <= 2 * AT_ONCE * OBJECT


@pytest.mark.parametrize("document", [TREE, SERIES, TYPES])
async def test_without_turns_one_would(
    tenant: Tenant, fields_by_turn: list[int], monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    """So that the test above is one."""
    all_at_once(monkeypatch)
    await tenant.ask(document)
    assert max(fields_by_turn) > 2 * AT_ONCE * OBJECT


async def test_an_object_counts_as_all_objects_under_it(tenant: Tenant, fields_by_turn: list[int]) -> None:
    await tenant.ask(MANY_RANGES)
    assert sum(fields_by_turn) > 40 * 2 * AT_ONCE
    assert max(fields_by_turn) <= 4 * AT_ONCE


@pytest.mark.parametrize("document", [MANY_ALIASES, DEEP_ALIASES])
async def test_many_fields_of_an_object_count_as_several(
    tenant: Tenant, fields_by_turn: list[int], document: str
) -> None:
    await tenant.ask(document)
    assert sum(fields_by_turn) > 40 * 190
    assert max(fields_by_turn) <= 2 * AT_ONCE * FIELDS_OF_AN_OBJECT


async def test_an_awaited_value_counts_as_all_objects_that_its_fields_are_worth(
    tenant: Tenant, fields_by_turn: list[int]
) -> None:
    await tenant.ask(WIDE_VALUES)
    assert sum(fields_by_turn) > 40 * 190
    assert max(fields_by_turn) <= 2 * AT_ONCE * FIELDS_OF_AN_OBJECT


async def test_resolvers_of_many_fields_start_over_turns(tenant: Tenant, loads_by_turn: list[int]) -> None:
    """They would all start when the list is complete: 2,500 of them for 100 campaigns."""
    await tenant.ask(MANY_RANGES)
    assert sum(loads_by_turn) > 40 * AT_ONCE
    assert max(loads_by_turn) <= 2 * AT_ONCE


@pytest.mark.parametrize("document", [TREE, SERIES, TYPES, PARTLY_WRONG, MANY_RANGES])
@pytest.mark.parametrize("at_once", [1, 7, AT_ONCE])
async def test_the_answer_is_the_same(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, document: str, at_once: int
) -> None:
    for module in (turns, answer_executor):
        monkeypatch.setattr(module, "AT_ONCE", at_once)
    in_turns = await tenant.world.execute(document, tenant.claims(), {})
    all_at_once(monkeypatch)
    whole = await tenant.world.execute(document, tenant.claims(), {})
    assert in_turns.data == whole.data
    assert [error.formatted for error in in_turns.errors or ()] == [error.formatted for error in whole.errors or ()]


@pytest.mark.parametrize("document", [TREE, SERIES, TYPES, PARTLY_WRONG])
async def test_turns_ask_for_nothing_more(
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    count_statements: Callable[[SmallWorld], AbstractContextManager[list[str]]],
    document: str,
) -> None:
    await tenant.world.execute(document, tenant.claims(), {})
    with count_statements(tenant.world) as in_turns:
        await tenant.world.execute(document, tenant.claims(), {})
    all_at_once(monkeypatch)
    with count_statements(tenant.world) as whole:
        await tenant.world.execute(document, tenant.claims(), {})
    assert sorted(in_turns) == sorted(whole)


async def test_what_has_few_objects_takes_no_turn() -> None:
    own = Turns()
    taking = own.take(AT_ONCE)
    with pytest.raises(StopIteration):
        taking.send(None)
    settled = own.settled()
    with pytest.raises(StopIteration):
        settled.send(None)


async def test_the_points_of_a_series_never_exist_all_at_once(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifetime by day has a thousand, each with all its metrics."""
    alive, most = set[int](), 0
    original = series.metrics_of

    def counting(reading: MetricsReading) -> Metrics:
        nonlocal most
        made = original(reading)
        alive.add(id(made))
        finalize(made, alive.discard, id(made))
        most = max(most, len(alive))
        return made

    monkeypatch.setattr(series, "metrics_of", counting)
    answer = await tenant.ask(SERIES)
    assert [len(node["series"]) for node in answer["campaigns"]["nodes"]] == [90] * 3
    assert 0 < most <= 2 * AT_ONCE


async def test_a_cancelled_field_takes_no_turns_for_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, loaded, own, taken = asyncio.Event(), asyncio.Event(), Turns(), list[int]()

    async def load(keys: list[int]) -> list[int]:
        loading.set()
        await loaded.wait()
        return keys

    async def take(objects: int = 1) -> None:
        taken.append(objects)

    monkeypatch.setattr(own, "take", take)
    loader = Loader(load, own)
    cancelled = asyncio.create_task(_wait(loader.load_many(range(3))))
    await loading.wait()
    cancelled.cancel()
    await asyncio.wait([cancelled])
    remaining = loader.load(2)
    loaded.set()
    assert (await remaining, taken) == (2, [1])


async def _wait(answers: Awaitable[list[int]]) -> list[int]:
    return await answers
