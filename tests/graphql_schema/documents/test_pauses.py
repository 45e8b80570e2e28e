"""A large document is read in pieces: none is more than a part of the whole, and what comes of it is the same."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from app.event_loop.pauses import with_pauses
from graphql_schema.documents.preparing import DocumentRefusedError
from tests.graphql_schema.documents.conftest import request

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from graphql_schema.documents.preparing import DocumentRequest, Documents

VALUES = "spend roas purchases impressions ctr cpc cpm"
# Calls of functions.
CALLS_AT_ONCE = 40_000


def _lists(count: int) -> str:
    each = (f"a{n}: campaigns(first: 1) {{ nodes {{ id name metrics {{ {VALUES} }} }} }}" for n in range(count))
    return f"{{ {' '.join(each)} }}"


def _values(count: int) -> str:
    condition = '{metric: ROAS, op: GTE, value: "2"} '
    return f"{{ ads(filter: {{metrics: [{condition * count}]}}) {{ totalCount }} }}"


def _aliases(count: int) -> str:
    each = (f"m{n}: metrics(range: {{preset: LAST_7_DAYS}}) {{ spend }}" for n in range(count))
    return f"{{ campaigns(first: 2) {{ nodes {{ {' '.join(each)} }} }} }}"


def _variables(count: int) -> str:
    defined = " ".join(f"$r{n}: DateRangeInput" for n in range(count))
    used = " ".join(f"m{n}: metrics(range: $r{n}) {{ {VALUES} }}" for n in range(count))
    return f"query ({defined}) {{ campaigns(first: 2) {{ nodes {{ {used} }} }} }}"


def _operations(count: int) -> str:
    return " ".join(f"query q{n} {{ viewer {{ role }} }}" for n in range(count))


ACCEPTED = {
    "lists": _lists(20),
    "values": _values(170),
    "aliases": _aliases(120),
    "variables": _variables(50),
}
SMALL = {"overlapping": "{ viewer { " + "role " * 44 + "} }"}
REFUSED = {
    "unknown fields": _lists(10)[:-1] + " ".join(f"nothing{n}" for n in range(20)) + " }",
    "too many values": _values(2_000),
    "never closed": _lists(20)[:-1],
    "too many root fields": _lists(21),
    "wrong values": _values(100).replace("GTE", "GTX"),
    "deep": "{ viewer " * 900,
    "operations without a name chosen": _operations(20),
}


def outcome(documents: Documents, asked: DocumentRequest) -> Any:
    """All that a caller can tell."""
    try:
        made = documents.prepare(asked)
    except DocumentRefusedError as refusal:
        return [error.formatted for error in refusal.errors], refusal.tokens
    return made.document.ast, made.tokens, made.operation.kind, made.operation.cost({})


@pytest.mark.parametrize(
    "text", [*ACCEPTED.values(), *SMALL.values(), *REFUSED.values()], ids=[*ACCEPTED, *SMALL, *REFUSED]
)
async def test_pauses_change_nothing(open_documents: Callable[..., Documents], text: str) -> None:
    plain, paused = open_documents(), open_documents()

    expected = outcome(plain, request(text))

    assert await with_pauses(lambda: outcome(paused, request(text))) == expected


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
async def test_no_piece_is_long(open_documents: Callable[..., Documents], text: str) -> None:
    outcome(open_documents(), request(text))  # what graphql-core makes once for a schema
    calls, pieces, documents = 0, list[int](), open_documents()

    def count(_frame: FrameType, happened: str, _argument: object) -> None:
        nonlocal calls
        calls += happened in {"call", "c_call"}

    async def note() -> None:
        nonlocal calls
        while True:
            pieces.append(calls)
            calls = 0
            await asyncio.sleep(0)

    noting = asyncio.create_task(note())
    sys.setprofile(count)
    try:
        await with_pauses(lambda: documents.prepare(request(text)))
    finally:
        sys.setprofile(None)
        noting.cancel()

    pieces.append(calls)
    assert max(pieces) < CALLS_AT_ONCE
