"""Somebody who holds another seller's ids learns from them exactly what ids tell that exist nowhere.

In every place of the schema that takes an id: the two answers are equal byte for byte once the ids themselves are
masked, and what the caller has left to spend; no row of the other seller changes, and Meta is not asked. An id of one's
own shows that the question is real.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from app.identifiers import new_id
from graphql_schema.types.global_id import global_id
from tests.authorization.callers import MEMBERS
from tests.authorization.digest import read_digest
from tests.authorization.id_asking import operation
from tests.authorization.id_places import id_places, node_types
from tests.authorization.judging import check_discretion
from tests.authorization.requests import ask
from tests.http.answers import answered

if TYPE_CHECKING:
    import httpx

    from tests.authorization.id_places import IdPlace
    from tests.authorization.world import Stage

OWNER = MEMBERS[0]
_ID = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEFT_TO_SPEND = re.compile(rb'"costRemaining":\d+')
CASES = [(place, type_name) for place in id_places() if place.parent != "Subscription" for type_name in place.types]
NAMES = [f"{place}-{type_name}" for place, type_name in CASES]
every_place = pytest.mark.parametrize(("place", "type_name"), CASES, ids=NAMES)


class Seen(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @classmethod
    def of(cls, response: httpx.Response) -> Seen:
        headers = [(name, value) for name, value in response.headers.raw if name != b"x-request-id"]
        body = _LEFT_TO_SPEND.sub(b'"costRemaining":0', _ID.sub(b"(id)", response.content))
        return cls(response.status_code, headers, body)


async def answer(stage: Stage, place: IdPlace, type_name: str, id_: str) -> httpx.Response:
    await stage.forget_limits()
    document, variables = operation(place, type_name, id_, stage.ours.ids)
    return await ask(stage, OWNER, document, variables)


@every_place
async def test_a_stolen_id_tells_what_a_random_one_tells(stage: Stage, place: IdPlace, type_name: str) -> None:
    before, calls = await read_digest(stage.world, stage.theirs.tenant.seller_id), len(stage.meta_calls)

    stolen = await answer(stage, place, type_name, stage.theirs.ids[type_name])
    random = await answer(stage, place, type_name, global_id(type_name, new_id()))

    assert Seen.of(stolen) == Seen.of(random)
    check_discretion(stolen, stage, OWNER.standing, allowed=True)
    assert await read_digest(stage.world, stage.theirs.tenant.seller_id) == before
    assert len(stage.meta_calls) == calls
    own = await answer(stage, place, type_name, stage.ours.ids[type_name])
    assert Seen.of(own) != Seen.of(random)


@every_place
async def test_an_id_of_another_type_is_refused(stage: Stage, place: IdPlace, type_name: str) -> None:
    wrong = next(name for name in node_types() if name not in place.types) if len(place.types) < 10 else "Nonsense"
    codes: list[list[str]] = []
    for key in (stage.theirs.keys[type_name], new_id()):
        response = await answer(stage, place, type_name, global_id(wrong, key))
        codes.append([error["extensions"]["code"] for error in response.json()["errors"]])
    assert codes == [["BAD_USER_INPUT"]] * 2


@pytest.mark.parametrize("type_name", node_types())
async def test_anothers_things_are_nothing_under_any_type(stage: Stage, type_name: str) -> None:
    """A thing is looked up by the type that its id says, with every key that the other seller has."""
    ids = [global_id(type_name, key) for key in stage.theirs.keys.values()]

    response = await ask(stage, OWNER, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})

    assert answered(response.json()) == {"data": {"nodes": [None] * len(ids)}}
