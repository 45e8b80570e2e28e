"""What an answer really has: how much of it there may be, and that only so much is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from graphql_schema.fields import loaders
from tests.http.staging import open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.http.staging import Stage

LIST = "{ campaigns(first: 100) { nodes { id name status adsets(first: 50) { nodes { id } } } } }"


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_stage(database, settings) as opened:
        yield opened


async def test_what_an_answer_could_have_and_has_not_is_given_back(stage: Stage) -> None:
    first, again = (await stage.post(LIST)).json(), (await stage.post(LIST)).json()

    assert first["extensions"]["cost"] == again["extensions"]["cost"] > 10_000
    # The operation, the list, its nodes, the campaign's four fields, and the nodes of its ad sets.
    assert first["extensions"]["costRemaining"] - again["extensions"]["costRemaining"] == 1 + 1 + 1 + 4 + 1


async def test_no_more_is_taken_than_an_answer_may_have(database: ThrowawayDatabase, settings: Settings) -> None:
    changes: dict[str, Any] = {"user_cost_capacity": 1000, "user_cost_per_minute": 1, "max_answer_values": 500}
    async with open_stage(database, settings.model_copy(update=changes)) as stage:
        answers = [await stage.ask(LIST) for _ in range(3)]

    assert [len(answer["data"]["campaigns"]["nodes"]) for answer in answers] == [1, 1, 1]


async def test_an_answer_with_too_many_values_ends(database: ThrowawayDatabase, settings: Settings) -> None:
    async with open_stage(database, settings.model_copy(update={"max_answer_values": 6})) as stage:
        answer = await stage.ask(LIST)

    [error] = answer["errors"]
    assert (answer["data"], error["path"]) == (None, ["campaigns", "nodes", 0])
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "counted": "values", "limit": 6}


async def test_of_an_answer_that_grew_too_large_nothing_is_given_back(
    database: ThrowawayDatabase, settings: Settings
) -> None:
    async with open_stage(database, settings.model_copy(update={"max_answer_values": 6})) as stage:
        first, again = (await stage.post(LIST)).json(), (await stage.post(LIST)).json()

    assert first["extensions"]["costRemaining"] - again["extensions"]["costRemaining"] == 6


async def test_lists_of_one_level_that_ask_for_too_many_rows_are_not_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "MAX_ROWS", 100)
    assert "errors" not in await stage.ask(LIST)
    thrice = LIST.replace(
        "adsets(first: 50)", "a: adsets { nodes { id } } b: adsets(last: 50) { nodes { id } } adsets(first: 50)"
    )
    answer = await stage.ask(thrice)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}
    assert answer["errors"][0]["extensions"] == {"code": "QUERY_TOO_COMPLEX", "cost": 120, "limit": 100}
