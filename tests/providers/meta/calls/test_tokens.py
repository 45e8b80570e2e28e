"""What Meta says of a token: against the sandbox over HTTP, and against a scripted host."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.errors import AppRefusedError, ProviderTransientError
from app.providers.contract import TokenFacts
from app.providers.meta.calls.credentials import Credentials
from app.providers.meta.calls.token_debug import read_token_facts
from app.providers.meta.graph import GraphClient
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID
from app.vocabulary import UseCase
from tests.providers.serving import serving
from tests.sandbox.small_world import TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.providers.conftest import ScriptedGraph

APP_SECRET = SecretStr("app-key-0123456789")
INVALID = TokenFacts(is_valid=False, error="Meta answered HTTP 400, code 190/463: the token expired")


def client_of(http_client: httpx.AsyncClient, url: str, token: str = TOKEN) -> GraphClient:
    return GraphClient(
        http_client,
        version_url=f"{url}/v26.0",
        credentials=Credentials(SecretStr(token), None),
        use_case=UseCase.ADS_MANAGEMENT,
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[str]:
    async with serving(create_sandbox(WORLD)) as url:
        yield url


async def script(http_client: httpx.AsyncClient, url: str, **rule: object) -> None:
    response = await http_client.post(f"{url}/sandbox/tokens", json={"owner": "act_1", **rule})
    response.raise_for_status()


@pytest.mark.parametrize("app_id", [SANDBOX_APP_ID, None])
async def test_a_living_token_and_its_end(http_client: httpx.AsyncClient, sandbox: str, app_id: str | None) -> None:
    ends_at = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    await script(
        http_client,
        sandbox,
        expires_at=ends_at.isoformat(),
        data_access_expires_at=(ends_at + timedelta(days=1)).isoformat(),
        scopes=["ads_read", "ads_management"],
    )
    facts = await read_token_facts(client_of(http_client, sandbox), app_id=app_id, app_secret=APP_SECRET)

    assert facts == TokenFacts(
        is_valid=True,
        expires_at=ends_at,
        scopes=["ads_management", "ads_read"],
        app_id=SANDBOX_APP_ID,
        user_id="91",
    )


async def test_a_token_that_ends_never_has_no_end(http_client: httpx.AsyncClient, sandbox: str) -> None:
    facts = await read_token_facts(client_of(http_client, sandbox), app_id=SANDBOX_APP_ID, app_secret=APP_SECRET)

    assert (facts.is_valid, facts.expires_at, facts.never_expires) == (True, None, True)


@pytest.mark.parametrize("token", [TOKEN, "nobody's"])
async def test_a_dead_or_unknown_token(http_client: httpx.AsyncClient, sandbox: str, token: str) -> None:
    await script(http_client, sandbox, after_calls=0)
    graph = client_of(http_client, sandbox, token)
    facts = await read_token_facts(graph, app_id=SANDBOX_APP_ID, app_secret=APP_SECRET)

    assert facts.is_valid is False
    assert facts.error
    assert token not in facts.error


async def test_no_token_and_no_secret_stands_in_a_url(http_client: httpx.AsyncClient, graph: ScriptedGraph) -> None:
    body = {"data": {"is_valid": True, "expires_at": 0, "scopes": ["ads_read", 3]}}
    graph.answer([{"code": 200, "body": json.dumps(body)}])
    facts = await read_token_facts(client_of(http_client, graph.url), app_id="12", app_secret=APP_SECRET)

    assert facts == TokenFacts(is_valid=True, never_expires=True, scopes=["ads_read"])
    [call] = graph.calls
    assert (call.method, call.path, call.query) == ("POST", "/v26.0/", {})
    assert json.loads(call.form["batch"]) == [
        {"method": "GET", "relative_url": f"debug_token?input_token={TOKEN}&access_token=12%7Capp-key-0123456789"},
    ]


async def test_the_earlier_end_counts_and_errors_hold_no_token(
    http_client: httpx.AsyncClient,
    graph: ScriptedGraph,
) -> None:
    data = {
        "is_valid": False,
        "expires_at": 1_800_000_000,
        "data_access_expires_at": 1_700_000_000,
        "error": {"code": 190, "message": f"{TOKEN} has ended"},
    }
    graph.answer([{"code": 200, "body": json.dumps({"data": data})}])
    facts = await read_token_facts(client_of(http_client, graph.url), app_id=None, app_secret=None)

    assert facts == TokenFacts(
        is_valid=False,
        expires_at=datetime.fromtimestamp(1_700_000_000, UTC),
        error="[secret] has ended",
    )


async def test_the_whole_batch_may_be_refused_for_a_dead_token(
    http_client: httpx.AsyncClient,
    graph: ScriptedGraph,
) -> None:
    graph.answer_error(190, 463, message="the token expired")
    assert await read_token_facts(client_of(http_client, graph.url), app_id="12", app_secret=APP_SECRET) == INVALID


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [(190, 463, INVALID), (100, None, TokenFacts(is_valid=True)), (10, None, TokenFacts(is_valid=True))],
)
async def test_where_debugging_is_refused_acceptance_is_all_that_is_known(
    http_client: httpx.AsyncClient,
    graph: ScriptedGraph,
    code: int,
    subcode: int | None,
    expected: TokenFacts,
) -> None:
    error = {"code": code, "error_subcode": subcode, "message": "the token expired"}
    graph.answer([{"code": 400, "body": json.dumps({"error": error})}])
    assert await read_token_facts(client_of(http_client, graph.url), app_id=None, app_secret=None) == expected


async def test_a_refusal_of_the_apps_own_token_says_nothing_of_the_other(
    http_client: httpx.AsyncClient, graph: ScriptedGraph
) -> None:
    error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
    graph.answer([{"code": 400, "body": json.dumps({"error": error})}])
    with pytest.raises(AppRefusedError, match=r"^Meta does not accept META_APP_ID .*Cannot parse"):
        await read_token_facts(client_of(http_client, graph.url), app_id="12", app_secret=APP_SECRET)


@pytest.mark.parametrize("items", [[], [None], [{"code": 200, "body": "x"}], [{"code": 500, "body": "{}"}]])
async def test_an_answer_that_says_nothing_is_trouble_in_passing(
    http_client: httpx.AsyncClient,
    graph: ScriptedGraph,
    items: list[object],
) -> None:
    graph.answer(items)
    with pytest.raises(ProviderTransientError):
        await read_token_facts(client_of(http_client, graph.url), app_id=None, app_secret=None)


IN_2030 = datetime(2030, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {
                "app_id": 138483919580948,
                "expires_at": 1924905600,
                "is_valid": True,
                "scopes": ["a"],
                "user_id": 1207059,
            },
            TokenFacts(is_valid=True, expires_at=IN_2030, scopes=["a"], app_id="138483919580948", user_id="1207059"),
        ),
        ([], TokenFacts(is_valid=True)),
        (None, TokenFacts(is_valid=True)),
        ("x", TokenFacts(is_valid=True)),
        ({}, TokenFacts(is_valid=True)),
        ({"is_valid": "false", "app_id": [], "user_id": {}, "scopes": "x"}, TokenFacts(is_valid=False)),
        ({"is_valid": 1, "expires_at": "1924905600"}, TokenFacts(is_valid=True, expires_at=IN_2030)),
        (
            {"is_valid": True, "expires_at": "soon", "data_access_expires_at": 1924905600},
            TokenFacts(is_valid=True, expires_at=IN_2030),
        ),
        ({"is_valid": True, "expires_at": "soon"}, TokenFacts(is_valid=True)),
        (
            {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0},
            TokenFacts(is_valid=True, never_expires=True),
        ),
        ({"error": {"message": 5}}, TokenFacts(is_valid=False)),
        ({"is_valid": True, "error": "x", "expires_at": 10**40}, TokenFacts(is_valid=True)),
    ],
)
async def test_what_is_only_shown_fails_no_check(
    http_client: httpx.AsyncClient, graph: ScriptedGraph, data: object, expected: TokenFacts
) -> None:
    graph.answer([{"code": 200, "body": json.dumps({"data": data})}])
    assert await read_token_facts(client_of(http_client, graph.url), app_id="12", app_secret=APP_SECRET) == expected


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "5"])
async def test_an_accepted_token_of_which_nothing_is_said_is_alive(
    http_client: httpx.AsyncClient, graph: ScriptedGraph, body: str
) -> None:
    graph.answer([{"code": 200, "body": body}])
    facts = await read_token_facts(client_of(http_client, graph.url), app_id="12", app_secret=APP_SECRET)
    assert facts == TokenFacts(is_valid=True)
