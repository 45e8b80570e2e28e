"""What the bytes of large bodies cost, and that the rest of one that can't be paid for is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from app.auth.access_tokens import issue_access_token
from app.http.graphql.body_charge import FREE_BYTES
from graphql_schema.types.global_id import MAX_IDS, global_id
from tests.http.conftest import USER, in_process

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.applications import Starlette

    from app.configuration.settings import Settings

HELLO = b'{"query": "{ hello }"}'
LARGE = 100_000
JSON = "application/json"
PATHS = ["/graphql", "/export/ads.csv"]


@pytest.fixture
def headers(offline_settings: Settings) -> dict[str, str]:
    token = issue_access_token(user_id=USER, seller_id=USER, role="OWNER", settings=offline_settings)
    return {"Authorization": f"Bearer {token.text}", "Content-Type": JSON}


async def remaining(build: Callable[..., Starlette], headers: dict[str, str], *bodies: Any) -> list[int]:
    """What the user's bucket holds after each of the requests, less what the operation itself costs."""
    async with in_process(build()) as client:
        answers = [await client.post("/graphql", content=body, headers=headers) for body in bodies]
    return [answer.json()["extensions"]["costRemaining"] for answer in answers]


async def test_bytes_beyond_what_is_free_cost_a_value_each(
    build: Callable[..., Starlette], headers: dict[str, str]
) -> None:
    small, free, large = await remaining(
        build, headers, HELLO, HELLO.ljust(FREE_BYTES), HELLO.ljust(FREE_BYTES + LARGE)
    )

    assert small - free == 2  # the operation
    assert free - large == 2 + LARGE


async def test_chunks_cost_as_much_as_a_body_that_says_its_length(
    build: Callable[..., Starlette], headers: dict[str, str]
) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        body = HELLO.ljust(FREE_BYTES + LARGE)
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    small, large = await remaining(build, headers, HELLO, chunks())

    assert small - large == 2 + LARGE


@pytest.mark.parametrize("path", PATHS)
async def test_what_can_not_be_paid_for_is_refused_unread(
    build: Callable[..., Starlette], headers: dict[str, str], path: str
) -> None:
    read = 0

    async def body() -> AsyncGenerator[bytes]:
        nonlocal read
        for _ in range(40):
            read += 10_000
            yield b" " * 10_000

    async with in_process(build(user_cost_capacity=LARGE, user_cost_per_minute=60)) as client:
        length = {"Content-Length": str(FREE_BYTES + LARGE)}
        content = HELLO.ljust(FREE_BYTES + LARGE - 20_000)  # two more pieces could be paid for
        first = await client.post(path, content=content, headers=headers)
        refused = await client.post(path, content=body(), headers={**headers, **length})

    assert first.status_code != 429
    assert (refused.status_code, refused.headers["Connection"]) == (429, "close")
    [error] = refused.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] == int(refused.headers["Retry-After"]) > 1000
    assert read <= 10_000 * (FREE_BYTES // 10_000 + 1)


def test_the_largest_request_that_other_limits_allow_fits(offline_settings: Settings) -> None:
    """The longest document, and as many ids as there may be values; lists of ids have at most 500."""
    ids = [global_id("AdStrategy", USER)] * offline_settings.max_variable_values
    request = {"query": "\n" * offline_settings.max_document_length, "variables": {"ids": ids}}
    change = {"query": "mutation", "variables": {"input": {"level": "CAMPAIGN", "ids": ids[:MAX_IDS]}}}

    assert len(orjson.dumps(request)) <= offline_settings.max_body_bytes
    assert len(orjson.dumps(change)) <= FREE_BYTES
