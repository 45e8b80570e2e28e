from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app import clock
from app.errors import ProviderThrottledError, ProviderTransientError, RequestRefusedError, TokenRejectedError
from app.metrics.levels import Level
from app.providers.contract import EntityStatus, StatusOutcome

if TYPE_CHECKING:
    from app.providers.meta.provider import MetaProvider
    from tests.providers.conftest import RecordedCall, ScriptedGraph

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DONE: dict[str, object] = {"code": 200, "headers": [], "body": '{"success":true}'}


def failed(code: int, message: str = "no", *, minutes: int | None = None) -> dict[str, object]:
    usage = json.dumps({"1": [{"estimated_time_to_regain_access": minutes}]})
    headers = [{"name": "X-Business-Use-Case-Usage", "value": usage}] if minutes else []
    return {"code": 400, "headers": headers, "body": json.dumps({"error": {"message": message, "code": code}})}


def accepted(*external_ids: str) -> list[StatusOutcome]:
    return [StatusOutcome(external_id=external_id) for external_id in external_ids]


def sent_ids(call: RecordedCall) -> list[str]:
    return [item["relative_url"] for item in cast("list[dict[str, str]]", json.loads(call.form["batch"]))]


async def pause(meta: MetaProvider, external_ids: list[str]) -> list[StatusOutcome]:
    return list(await meta.set_status(Level.AD, external_ids, EntityStatus.PAUSED))


async def test_one_batch(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([DONE, DONE])

    assert await pause(meta, ["31", "32"]) == accepted("31", "32")
    [call] = graph.calls
    assert (call.method, call.path, call.query) == ("POST", "/v26.0/", {})
    assert json.loads(call.form["batch"]) == [
        {"method": "POST", "relative_url": "31", "body": "status=PAUSED"},
        {"method": "POST", "relative_url": "32", "body": "status=PAUSED"},
    ]


async def test_at_most_fifty_in_a_batch(meta: MetaProvider, graph: ScriptedGraph) -> None:
    external_ids = [str(number) for number in range(120)]
    for size in (50, 50, 20):
        graph.answer([DONE] * size)

    assert await pause(meta, external_ids) == accepted(*external_ids)
    assert [sent_ids(call) for call in graph.calls] == [external_ids[:50], external_ids[50:100], external_ids[100:]]


async def test_nothing_asked_is_no_call(meta: MetaProvider, graph: ScriptedGraph) -> None:
    assert await pause(meta, []) == []
    assert graph.calls == []


async def test_each_item_is_inspected(meta: MetaProvider, graph: ScriptedGraph) -> None:
    items: list[object] = [
        DONE,
        failed(100, "Archived objects can't be changed"),
        {"code": 200, "headers": [], "body": '{"success":false}'},
        {"code": 200, "headers": [], "body": "<html>"},
        {"code": 500, "headers": [], "body": "{}"},
        {"code": 200},
        "nonsense",
        failed(10, "Not yours"),
    ]
    graph.answer(items)
    cannot = "Meta's answer can't be read: "
    nothing = "it did not do what was asked and gave no reason"

    assert await pause(meta, list("12345678")) == [
        StatusOutcome(external_id="1"),
        StatusOutcome(
            external_id="2",
            error="Meta answered HTTP 400, code 100: Archived objects can't be changed",
            error_code=100,
        ),
        StatusOutcome(external_id="3", error=f"Meta answered HTTP 200: {nothing}"),
        StatusOutcome(external_id="4", error=f"{cannot}a batch item's body is not JSON"),
        StatusOutcome(external_id="5", error=f"Meta answered HTTP 500: {nothing}"),
        StatusOutcome(external_id="6", error=f"{cannot}a batch item.body is missing"),
        StatusOutcome(external_id="7", error=f"{cannot}a batch item is not an object"),
        StatusOutcome(external_id="8", error="Meta answered HTTP 400, code 10: Not yours", error_code=10),
    ]


async def test_an_id_given_twice_is_sent_once_and_answered_twice(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([failed(100), DONE])
    refused = StatusOutcome(external_id="2", error="Meta answered HTTP 400, code 100: no", error_code=100)

    assert await pause(meta, ["2", "1", "2"]) == [refused, StatusOutcome(external_id="1"), refused]
    assert sent_ids(graph.calls[0]) == ["2", "1"]


async def test_items_not_done_in_time_are_sent_again(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([None, DONE, None])
    graph.answer([DONE, None])
    graph.answer([DONE])

    assert await pause(meta, ["1", "2", "3"]) == accepted("1", "2", "3")
    assert [sent_ids(call) for call in graph.calls] == [["1", "2", "3"], ["1", "3"], ["3"]]


async def test_items_missing_from_a_short_answer_are_sent_again(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([DONE])
    graph.answer([DONE])

    assert await pause(meta, ["1", "2"]) == accepted("1", "2")
    assert [sent_ids(call) for call in graph.calls] == [["1", "2"], ["2"]]


async def test_what_is_never_done_is_given_up_after_three_tries(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([DONE, None])
    graph.answer([None])
    graph.answer([None])

    assert await pause(meta, ["1", "2"]) == [
        StatusOutcome(external_id="1"),
        StatusOutcome(external_id="2", error="Meta did not get to it in time"),
    ]
    assert len(graph.calls) == 3


async def test_a_failure_before_anything_was_done_is_raised(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(190, 463)

    with pytest.raises(TokenRejectedError):
        await pause(meta, ["1", "2"])
    assert len(graph.calls) == 1


async def test_a_failure_in_the_middle_is_the_outcome_of_the_rest(meta: MetaProvider, graph: ScriptedGraph) -> None:
    external_ids = [str(number) for number in range(120)]
    graph.answer([DONE] * 50)
    graph.answer_error(17, 2446079)
    outcomes = await pause(meta, external_ids)

    assert outcomes[:50] == accepted(*external_ids[:50])
    error = "Meta answered HTTP 400, code 17/2446079: something happened"
    assert outcomes[50:] == [
        StatusOutcome(external_id=external_id, error=error, error_code=17) for external_id in external_ids[50:]
    ]
    assert len(graph.calls) == 2


async def test_a_throttle_inside_a_batch_stops_the_batches_after_it(meta: MetaProvider, graph: ScriptedGraph) -> None:
    external_ids = [str(number) for number in range(60)]
    graph.answer([*[DONE] * 20, *[failed(613)] * 29, None])
    outcomes = await pause(meta, external_ids)

    assert [outcome.error_code for outcome in outcomes] == [None] * 20 + [613] * 40
    assert len(graph.calls) == 1


async def test_a_batch_of_nothing_but_throttles_is_raised(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([failed(613, minutes=5), failed(613, minutes=5)])

    with clock.frozen(NOW), pytest.raises(ProviderThrottledError) as raised:
        await pause(meta, ["1", "2"])
    assert raised.value.retry_at == NOW + timedelta(minutes=5)


async def test_refusals_are_kept_when_a_throttle_follows(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([failed(100), failed(613)])

    assert [outcome.error_code for outcome in await pause(meta, ["1", "2"])] == [100, 613]


async def test_an_answer_that_is_no_list_is_transient(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({"success": True})

    with pytest.raises(ProviderTransientError, match="the batch is not a list"):
        await pause(meta, ["1"])


@pytest.mark.parametrize(
    ("level", "status"),
    [
        (Level.AD, EntityStatus.DELETED),
        (Level.AD, EntityStatus.ARCHIVED),
        (Level.ACCOUNT, EntityStatus.PAUSED),
    ],
)
async def test_only_active_and_paused_of_entities_can_be_set(
    meta: MetaProvider,
    graph: ScriptedGraph,
    level: Level,
    status: EntityStatus,
) -> None:
    with pytest.raises(RequestRefusedError):
        await meta.set_status(level, ["1"], status)
    assert graph.calls == []


async def test_an_id_can_not_reach_another_path(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer([DONE])
    await pause(meta, ["../me?x=1&y"])

    assert sent_ids(graph.calls[0]) == ["..%2Fme%3Fx%3D1%26y"]
