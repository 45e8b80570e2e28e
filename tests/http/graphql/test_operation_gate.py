"""What an operation passes before it runs: who asks, how large it is, what it costs, and what there is to pay with."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from graphql import get_introspection_query
from prometheus_client import REGISTRY

from app.auth.access_tokens import issue_access_token
from app.event_loop import loop_time
from app.http.application import create_application
from app.services.context import open_services
from app.services.limits.precedence import Precedence
from app.services.limits.turns import Turn, Turns
from graphql_schema.documents import preparing as documents
from tests.graphql_schema.small_world import SmallWorld
from tests.http.answers import answered
from tests.http.conftest import USER, in_process

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Hashable
    from contextlib import AbstractContextManager

    import httpx
    from starlette.applications import Starlette

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.small_world import Tenant
    from tests.http.conftest import Backstage

NEW = "application/graphql-response+json"
OLD = "application/json"
NEEDS_TOKEN = {
    "errors": [
        {
            "message": "This needs an access token: log in and send it as a Bearer token.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ]
}
HELLO = "{ hello }"


def authorized(settings: Settings, *, user: UUID = USER, seller: UUID = USER) -> dict[str, str]:
    token = issue_access_token(user_id=user, seller_id=seller, role="OWNER", settings=settings)
    return {"Authorization": f"Bearer {token.text}"}


async def ask(client: httpx.AsyncClient, query: str, **body: Any) -> Any:
    response = await client.post("/graphql", json={"query": query, **body}, headers={"Accept": NEW})
    return response.json()


def refusals(reason: str) -> float:
    return REGISTRY.get_sample_value("pixecom_graphql_refusals_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize(("accept", "status"), [(NEW, 401), (OLD, 200)])
@pytest.mark.parametrize(
    "query", ["{ hidden }", "{ hello hidden }", "{ nothing }", "mutation { hidden }", f"{{ {'hello ' * 600} }}"]
)
async def test_without_a_token_nothing_but_what_is_open_is_opened(
    client: httpx.AsyncClient, backstage: Backstage, query: str, accept: str, status: int
) -> None:
    before = refusals("TOKEN")
    response = await client.post("/graphql", json={"query": query}, headers={"Accept": accept})

    assert (response.status_code, response.json()) == (status, NEEDS_TOKEN)
    assert backstage.events == ["opened"]
    assert refusals("TOKEN") == before + 1


async def test_a_bad_token_is_refused_before_the_body_is_looked_at(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/graphql", content=b"{", headers={"Content-Type": OLD, "Authorization": "Bearer nonsense"}
    )

    assert response.status_code == 401


async def test_the_cost_of_an_operation_is_told(client: httpx.AsyncClient) -> None:
    first = await ask(client, HELLO)
    again = await ask(client, HELLO)

    # Reading the document cost its three tokens, the first time.
    assert first["extensions"] == {"cost": 2, "costLimit": 2_000_000, "costRemaining": 400_000 - 2 - 3}
    assert again["extensions"] == {"cost": 2, "costLimit": 2_000_000, "costRemaining": 400_000 - 2 - 3 - 2}


async def test_what_costs_too_much_is_refused_before_anything_is_opened(
    build: Callable[..., Starlette], backstage: Backstage
) -> None:
    async with in_process(build(max_query_cost=5)) as client:
        response = await client.post(
            "/graphql", json={"query": "{ a: hello b: hello c: hello d: hello e: hello }"}, headers={"Accept": NEW}
        )

    assert response.status_code == 400
    assert response.json() == {
        "errors": [
            {
                "message": "The query costs 6, more than the limit of 5; ask for fewer or smaller pages.",
                "extensions": {"code": "QUERY_TOO_COMPLEX", "cost": 6, "limit": 5},
            }
        ],
        "extensions": {"cost": 6, "costLimit": 5},
    }
    assert "context opened" not in backstage.events


async def test_variables_that_are_too_many_are_refused(client: httpx.AsyncClient, backstage: Backstage) -> None:
    answer = await ask(client, HELLO, variables={"unused": [1] * 6000})

    assert answer["errors"] == [
        {
            "message": "The variables have more than 5000 values.",
            "extensions": {"code": "BAD_USER_INPUT", "counted": "values", "limit": 5000},
        }
    ]
    assert backstage.events == ["opened"]


async def test_a_user_who_has_used_up_a_bucket_keeps_no_colleague_waiting(
    build: Callable[..., Starlette], offline_settings: Settings
) -> None:
    application = build(user_cost_capacity=50, user_cost_per_minute=1)
    before = refusals("USER")
    async with in_process(application) as client:
        client.headers.update(authorized(offline_settings))
        first = await ask(client, "{ " + " ".join(f"h{place}: hello" for place in range(10)) + " }")
        answers = [await ask(client, HELLO) for _ in range(4)]
        client.headers.update(authorized(offline_settings, user=UUID(int=7)))
        colleague = await ask(client, HELLO)

    assert first["extensions"] == {"cost": 11, "costLimit": 2_000_000, "costRemaining": 50 - 11 - 32}
    assert ["errors" in answer for answer in answers] == [False, False, True, True]
    assert refusals("USER") == before + 2
    assert "errors" not in colleague


async def test_an_empty_bucket_answers_when_to_come_back(
    build: Callable[..., Starlette], backstage: Backstage, offline_settings: Settings
) -> None:
    async with in_process(build(seller_cost_capacity=10, seller_cost_per_minute=6)) as client:
        client.headers.update(authorized(offline_settings))
        assert "errors" not in await ask(client, "{ hello whoami }")  # 3, and 4 for reading
        backstage.events.clear()
        response = await client.post("/graphql", json={"query": "{ hello whoami }"}, headers={"Accept": NEW})
        assert response.status_code == 200  # it needs no reading any more
        refused = await client.post("/graphql", json={"query": "{ hello whoami }"}, headers={"Accept": NEW})
        assert backstage.events == ["context opened", "context closed"]

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    [error] = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 30}
    assert refused.json()["extensions"]["cost"] == 3


async def test_who_can_not_pay_for_reading_has_nothing_read(
    build: Callable[..., Starlette], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    parse = documents.parse

    def noting(text: str, **options: Any) -> Any:
        read.append(text)
        return parse(text, **options)

    monkeypatch.setattr(documents, "parse", noting)
    async with in_process(build(address_cost_capacity=60, address_cost_per_minute=1)) as client:
        for place in range(10):
            await ask(client, "{ " + f"nothing{place} " * 10 + "}")  # refused, and 12 for reading

    assert 4 <= len(read) <= 6


async def test_others_have_turns_while_a_document_is_read(client: httpx.AsyncClient) -> None:
    async def turns_of(query: str) -> int:
        asking = asyncio.create_task(ask(client, query))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await asking)["errors"]
        return turns

    small, large = f"{{ {'nothing ' * 10} }}", f"{{ {'nothing ' * 400} }}"
    first = await turns_of(small)

    # A pause for every 200 tokens and 100 nodes, each of them some turns long.
    assert await turns_of(large) >= first + 6
    assert await turns_of(large) <= first + 2  # the refusal is kept


@pytest.mark.parametrize("behind", [False, True])
async def test_who_is_behind_reads_and_runs_after_others(
    build: Callable[..., Starlette], monkeypatch: pytest.MonkeyPatch, *, behind: bool
) -> None:
    """Both pieces of a request, reading its document and running it, are heavy from the start."""
    lights: list[bool] = []
    begin = Precedence.operation

    def note(self: Precedence, *, group: Hashable = None, light: bool = True) -> AbstractContextManager[None]:
        lights.append(light)
        return begin(self, group=group, light=light)

    monkeypatch.setattr(Precedence, "operation", note)
    monkeypatch.setattr(Turn, "is_behind", behind)
    async with in_process(build()) as client:
        await ask(client, HELLO)

    assert lights == [not behind] * 2


async def test_a_turn_knows_how_long_its_request_held_the_loop(
    build: Callable[..., Starlette], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[Turn] = []
    release = Turns.release

    def note(self: Turns, turn: Turn) -> None:
        turns.append(turn)
        release(self, turn)

    monkeypatch.setattr(Turns, "release", note)
    monkeypatch.setattr(loop_time, "perf_counter", count().__next__)  # a second for each step
    async with in_process(build()) as client:
        await ask(client, HELLO)

    assert turns[0].loop_time.seconds > 1


async def test_addresses_have_buckets_of_their_own(build: Callable[..., Starlette]) -> None:
    application = build(address_cost_capacity=20, address_cost_per_minute=1)
    codes: list[list[str]] = []
    async with in_process(application) as client:
        for address in ("192.0.2.1", "192.0.2.2"):
            client._transport.client = (address, 1)  # pyright: ignore[reportAttributeAccessIssue]  # an ASGITransport
            answers = [await ask(client, HELLO) for _ in range(12)]
            codes += [[error["extensions"]["code"] for error in answer.get("errors", [])] for answer in answers]

    # 5 the first time, with reading; then 2 each. The second address finds the document read.
    assert codes == [[]] * 8 + [["RATE_LIMITED"]] * 4 + [[]] * 10 + [["RATE_LIMITED"]] * 2


async def test_strangers_have_a_limit_together_on_documents_that_are_not_cached(
    build: Callable[..., Starlette], offline_settings: Settings
) -> None:
    application = build(document_token_capacity=100, document_tokens_per_minute=1, max_document_tokens=40)
    codes: list[str] = []
    async with in_process(application) as client:
        await ask(client, HELLO)
        for number in range(5):
            client._transport.client = (f"192.0.2.{number}", 1)  # pyright: ignore[reportAttributeAccessIssue]  # an ASGITransport
            answer = await ask(client, f"{{ a{number}: __typename {'__typename ' * 60} }}")
            codes.append(answer["errors"][0]["extensions"]["code"])
        cached = await ask(client, HELLO)
        known = await client.post("/graphql", json={"query": "{ own: hello }"}, headers=authorized(offline_settings))

    assert codes == ["UNAUTHENTICATED"] * 2 + ["RATE_LIMITED"] * 3
    assert "errors" not in cached
    assert "errors" not in known.json()


@pytest.fixture
async def tenants(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[list[Tenant]]:
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        yield [await world.add_seller("acme"), await world.add_seller("stranger")]


async def test_the_same_text_gives_each_seller_its_own_data(settings: Settings, tenants: list[Tenant]) -> None:
    """The document is kept from the first to the second; the names, the variables and the caller are not."""
    for tenant in tenants:
        account = await tenant.add_account()
        await tenant.add_campaign(account, f"of {tenant.seller_id}")
    text = "query ($name: String) { viewer { seller { slug } } campaigns(filter: {name: $name}) { nodes { name } } }"
    answers: list[Any] = []
    async with in_process(create_application(settings)) as client:
        for tenant in [*tenants, tenants[0]]:
            client.headers.update(authorized(settings, user=tenant.user_id, seller=tenant.seller_id))
            answers.append(answered(await ask(client, text, variables={"name": str(tenant.seller_id)})))
        client.headers.pop("Authorization")
        anonymous = await ask(client, text)

    assert answers == [
        {
            "data": {
                "viewer": {"seller": {"slug": slug}},
                "campaigns": {"nodes": [{"name": f"of {tenant.seller_id}"}]},
            }
        }
        for slug, tenant in [("acme", tenants[0]), ("stranger", tenants[1]), ("acme", tenants[0])]
    ]
    assert anonymous == NEEDS_TOKEN


async def test_one_seller_can_not_use_up_anothers_bucket(settings: Settings, tenants: list[Tenant]) -> None:
    application = create_application(
        settings.model_copy(update={"seller_cost_capacity": 30, "seller_cost_per_minute": 1})
    )
    errors: list[Any] = []
    async with in_process(application) as client:
        for tenant, times in ((tenants[0], 10), (tenants[1], 1)):
            client.headers.update(authorized(settings, user=tenant.user_id, seller=tenant.seller_id))
            answers = [await ask(client, "{ viewer { role } }") for _ in range(times)]
            errors.append([error["extensions"]["code"] for error in answers[-1].get("errors", [])])

    assert errors == [["RATE_LIMITED"], []]


async def test_introspection_is_answered_as_set(settings: Settings) -> None:
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, schema_description=True)
    found: list[Any] = []
    for allowed in (True, False):
        async with in_process(create_application(settings.model_copy(update={"introspection": allowed}))) as client:
            found.append(await ask(client, query))
            found.append(await ask(client, "{ __typename }"))

    shown, always, hidden, still = found
    assert {kind["name"] for kind in shown["data"]["__schema"]["types"]} >= {"Campaign", "Query"}
    assert shown["extensions"]["cost"] < shown["extensions"]["costLimit"]
    assert hidden == NEEDS_TOKEN
    assert answered(always) == answered(still) == {"data": {"__typename": "Query"}}


async def test_a_document_that_goes_round_is_refused_at_once(settings: Settings, tenants: list[Tenant]) -> None:
    around = "campaign { adsets { nodes { ads { nodes { "
    text = "{ ads { nodes { " + around * 2 + "id" + " } } } } }" * 2 + " } } }"
    async with in_process(create_application(settings)) as client:
        client.headers.update(authorized(settings, user=tenants[0].user_id, seller=tenants[0].seller_id))
        answer = await ask(client, text)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
    assert "data" not in answer
    assert answer["extensions"]["cost"] > answer["extensions"]["costLimit"]


async def test_documents_that_are_not_cached_have_a_limit_of_their_own(
    build: Callable[..., Starlette], offline_settings: Settings
) -> None:
    application = build(document_token_capacity=100, document_tokens_per_minute=1, max_document_tokens=40)
    before = refusals("DOCUMENTS")
    async with in_process(application) as client:
        client.headers.update(authorized(offline_settings))
        cached = [await ask(client, HELLO) for _ in range(60)]
        refused = [await ask(client, f"{{ a{place}: hello {'hello ' * 60} }}") for place in range(5)]
        again = await ask(client, HELLO)

    assert [answer for answer in cached if "errors" in answer] == []
    codes = [answer["errors"][0]["extensions"]["code"] for answer in refused]
    assert codes == ["QUERY_TOO_COMPLEX"] * 2 + ["RATE_LIMITED"] * 3
    assert "errors" not in again
    assert refusals("DOCUMENTS") == before + 3


async def test_without_a_token_a_body_is_short(client: httpx.AsyncClient, offline_settings: Settings) -> None:
    body = {"query": HELLO, "extensions": {"more": "x" * 20_000}}
    anonymous = await client.post("/graphql", json=body)
    known = await client.post("/graphql", json=body, headers=authorized(offline_settings))

    assert (anonymous.status_code, known.status_code) == (413, 200)


@pytest.mark.parametrize(
    ("item", "number", "message"),
    [
        ("[]", 30_000, "The body has more than 25000 opening brackets."),
        ("1", 60_000, "The body has more than 50000 commas."),
    ],
)
async def test_a_body_of_many_values_is_not_parsed(
    client: httpx.AsyncClient, offline_settings: Settings, item: str, number: int, message: str
) -> None:
    body = '{"query": "{ hello }", "extensions": {"more": [' + ",".join([item] * number) + "]}}"
    headers = {"Content-Type": OLD, **authorized(offline_settings)}
    response = await client.post("/graphql", content=body, headers=headers)

    assert (response.status_code, response.json()["errors"][0]["message"]) == (400, message)
