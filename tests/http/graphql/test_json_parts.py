"""A large answer is encoded in parts, into the same bytes."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

import orjson
import pytest

from app.http.graphql.json_parts import BYTES_AT_ONCE, VALUES_AT_ONCE, encode_answer

NODE: dict[str, Any] = {"id": "é\n", "metrics": {"spend": "1.50", "roas": None, "list": [1, 2.5, True, [], {}]}}
BODIES: list[dict[str, Any]] = [
    {},
    {"data": None, "errors": []},
    {"data": {}, "extensions": {"cost": 1}},
    {"data": {"ads": {"nodes": [NODE, None, NODE], "totalCount": 3}, "b": [], "c": [[1], [2]]}},
]


@pytest.mark.parametrize("values", [0, VALUES_AT_ONCE, VALUES_AT_ONCE + 1])
@pytest.mark.parametrize("body", BODIES)
async def test_the_bytes_are_the_same(body: dict[str, Any], values: int) -> None:
    assert await encode_answer(deepcopy(body), values=values) == orjson.dumps(body)


async def test_a_large_answer_takes_several_turns() -> None:
    body: dict[str, Any] = {"data": {"ads": {"nodes": [deepcopy(NODE) for _ in range(5_000)]}}}
    whole = orjson.dumps(body)
    encoding, turns = asyncio.create_task(encode_answer(body, values=VALUES_AT_ONCE + 1)), 0
    while not encoding.done():
        await asyncio.sleep(0)
        turns += 1
    assert await encoding == whole
    assert turns >= len(whole) // (2 * BYTES_AT_ONCE)
    assert body == {}
