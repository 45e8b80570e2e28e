from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from app.auth.access_tokens import issue_access_token
from tests.http.answers import answered
from tests.http.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.applications import Starlette

    from app.configuration.settings import Settings
    from tests.http.conftest import Backstage

USER = UUID("019a0000-0000-7000-8000-000000000001")
NEW = "application/graphql-response+json"
OLD = "application/json"
UNNAMED = "Must provide operation name if query contains multiple operations."


async def _post(client: httpx.AsyncClient, query: str, *, accept: str = NEW, **body: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **body}, headers={"Accept": accept})


async def _ask(client: httpx.AsyncClient, method: str, body: dict[str, str], *, accept: str) -> httpx.Response:
    """The same request over either method."""
    if method == "GET":
        return await client.get("/graphql", params=body, headers={"Accept": accept})
    return await client.post("/graphql", json=body, headers={"Accept": accept})


def _refusal(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_a_query_is_answered_in_the_type_that_was_asked_for(client: httpx.AsyncClient, accept: str) -> None:
    response = await _post(client, "{ hello }", accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept"
    assert answered(response.json()) == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, OLD),
        ("*/*", OLD),
        ("application/*", OLD),
        (f"{NEW}, {OLD};q=0.9", NEW),
        (f"{OLD}, {NEW}", NEW),
        (f"{OLD};q=1, {NEW};q=0.5", OLD),
        (f"{OLD}; charset=utf-8", OLD),
        (f"{NEW};q=0, {OLD}", OLD),
        (f"{NEW};q=0, */*", OLD),
        (f"{NEW};q=nonsense, {OLD};q=0.1", OLD),
    ],
)
async def test_negotiation(client: httpx.AsyncClient, accept: str | None, media_type: str) -> None:
    client.headers.pop("accept")
    response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"Accept": accept} if accept else {})

    assert (response.status_code, response.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/plain", "image/*", f"{OLD}; charset=utf-16", f"{OLD};q=0"])
async def test_an_answer_that_nobody_can_read_is_not_made(
    client: httpx.AsyncClient,
    backstage: Backstage,
    accept: str,
) -> None:
    response = await _post(client, "mutation { change }", accept=accept)

    assert response.status_code == 406
    assert response.json() == _refusal(f"The answer can be {NEW} or {OLD}.")
    assert backstage.events == ["opened"]


async def test_get_runs_queries(client: httpx.AsyncClient) -> None:
    response = await client.get(
        "/graphql",
        params={
            "query": "query A($n: String!) { hello(name: $n) } query B { hello }",
            "operationName": "A",
            "variables": '{"n": "you"}',
            "extensions": "{}",
        },
        headers={"Accept": NEW},
    )

    assert (response.status_code, answered(response.json())) == (200, {"data": {"hello": "hello you"}})


@pytest.mark.parametrize("query", ["mutation { change }", "query A { hello } mutation B { change }"])
async def test_get_never_changes_anything(client: httpx.AsyncClient, query: str) -> None:
    parameters = {"query": query} | ({"operationName": "B"} if "query" in query else {})
    response = await client.get("/graphql", params=parameters, headers={"Accept": NEW})

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json() == _refusal("Mutations run over POST only.")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_get_from_another_site_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get(
        "/graphql",
        params={"query": "{ hello }"},
        headers={"Sec-Fetch-Site": "cross-site", "Accept": OLD},
    )

    assert (response.status_code, response.json()) == (
        403,
        _refusal("Requests from other sites are refused.", "FORBIDDEN"),
    )


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
    ],
)
async def test_a_body_that_a_form_of_another_site_could_send_is_refused(
    client: httpx.AsyncClient,
    backstage: Backstage,
    content_type: str | None,
) -> None:
    response = await client.post(
        "/graphql",
        content=b'{"query": "mutation { change }"}',
        headers={"Content-Type": content_type} if content_type else {},
    )

    assert response.status_code == 415
    assert response.json() == _refusal("The content type must be application/json, in UTF-8.")
    assert backstage.events == ["opened"]


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/graphql",
        content=b"\x1f\x8b",
        headers={"Content-Type": OLD, "Content-Encoding": "gzip"},
    )

    assert (response.status_code, response.json()) == (415, _refusal("Compressed bodies are not accepted."))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body must be valid JSON."),
        (b"{", "The body must be valid JSON."),
        (b'{"query": "\xff"}', "The body must be valid JSON."),
        (b'{"query": NaN}', "The body must be valid JSON."),
        (b"[" * 5000, "The body must be valid JSON."),
        (b"null", "The body must be a JSON object."),
        (b'"{ hello }"', "The body must be a JSON object."),
        (b'[{"query": "{ hello }"}]', "Batches are not supported; send one operation per request."),
        (b"{}", "query must be a GraphQL document in a string."),
        (b'{"query": null}', "query must be a GraphQL document in a string."),
        (b'{"query": 5}', "query must be a GraphQL document in a string."),
        (b'{"query": "  "}', "query must be a GraphQL document in a string."),
        (b'{"query": "{ hello }", "operationName": 5}', "operationName must be a string."),
        (b'{"query": "{ hello }", "variables": []}', "variables must be a JSON object."),
        (b'{"query": "{ hello }", "variables": "{}"}', "variables must be a JSON object."),
        (b'{"query": "{ hello }", "extensions": 0}', "extensions must be a JSON object."),
    ],
)
@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_a_malformed_request_is_refused(
    client: httpx.AsyncClient,
    body: bytes,
    message: str,
    accept: str,
) -> None:
    response = await client.post("/graphql", content=body, headers={"Content-Type": OLD, "Accept": accept})

    assert response.status_code == 400
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.json() == _refusal(message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([("query", "{ hello }"), ("query", "{ hello }")], "query is given twice."),
        ([("query", "{ hello }"), ("variables", "{")], "variables must be valid JSON."),
        ([("query", "{ hello }"), ("variables", "[]")], "variables must be a JSON object."),
        ([("operationName", "A")], "query must be a GraphQL document in a string."),
    ],
)
async def test_a_malformed_query_string_is_refused(
    client: httpx.AsyncClient,
    parameters: list[tuple[str, str]],
    message: str,
) -> None:
    response = await client.get("/graphql", params=httpx.QueryParams(tuple(parameters)))

    assert (response.status_code, response.json()) == (400, _refusal(message))


async def test_utf8_with_and_without_a_byte_order_mark(client: httpx.AsyncClient) -> None:
    body = '{"query": "{ hello(name: \\"Hà Nội 🍓\\") }"}'.encode()
    for content in (body, b"\xef\xbb\xbf" + body):
        response = await client.post(
            "/graphql",
            content=content,
            headers={"Content-Type": 'application/json; charset="UTF-8"'},
        )
        assert (response.status_code, answered(response.json())) == (200, {"data": {"hello": "hello Hà Nội 🍓"}})


async def _chunks(total: int) -> AsyncGenerator[bytes]:
    for _ in range(total // 10_000):
        yield b" " * 10_000
        await asyncio.sleep(0)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_two_megabytes_is_refused(
    client: httpx.AsyncClient,
    backstage: Backstage,
    *,
    chunked: bool,
) -> None:
    with capture_logs() as logs:
        response = await client.post(
            "/graphql",
            content=_chunks(2_000_000) if chunked else b" " * 2_000_000,
            headers={"Content-Type": OLD},
        )

    assert response.status_code == 413
    assert response.json() == _refusal("The body is larger than 20000 bytes.")
    assert [line["log_level"] for line in logs] == ["info"]
    assert backstage.events == ["opened"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_client_that_still_sends_sees_the_refusal(build: Callable[..., Starlette], *, chunked: bool) -> None:
    async with serving(build()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        response = await client.post(
            "/graphql",
            content=_chunks(2_000_000) if chunked else b" " * 2_000_000,
            headers={"Content-Type": OLD},
        )

    assert (response.status_code, response.headers["connection"]) == (413, "close")


@pytest.mark.parametrize("length", [20_001, 9_000_000_000])
@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"], ids=["", "100-continue"])
async def test_an_announced_length_is_refused_before_any_of_it_is_there(
    build: Callable[..., Starlette], length: int, expects: bytes
) -> None:
    async with serving(build()) as url, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n%s\r\n" % (length, expects),
        )
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"The body is larger than 20000 bytes." in answer


async def test_a_chunk_that_announces_too_much_is_refused_without_an_error_of_ours(
    build: Callable[..., Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(build()) as url, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        )
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


async def test_one_byte_too_many_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"query": "{ hello }"}'
    response = await client.post("/graphql", content=body.ljust(400_001), headers={"Content-Type": OLD})

    assert response.status_code == 413


async def test_a_body_of_the_limit_is_read(client: httpx.AsyncClient, offline_settings: Settings) -> None:
    body, headers = b'{"query": "{ hello }"}', {"Content-Type": OLD}
    token = issue_access_token(user_id=USER, seller_id=USER, role="OWNER", settings=offline_settings).text
    anonymous = [await client.post("/graphql", content=body.ljust(size), headers=headers) for size in (20_000, 20_001)]
    headers["Authorization"] = f"Bearer {token}"
    known = [await client.post("/graphql", content=body.ljust(size), headers=headers) for size in (400_000, 400_001)]

    assert [response.status_code for response in (*anonymous, *known)] == [200, 413, 200, 413]


@pytest.mark.parametrize(
    ("query", "variables"),
    [("{", {}), ("{ hello { missing } }", {}), ("query ($n: String!) { hello(name: $n) }", {"n": 5})],
)
async def test_what_could_not_run_has_no_data(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> None:
    new = await _post(client, query, variables=variables)
    old = await _post(client, query, variables=variables, accept=OLD)

    assert (new.status_code, old.status_code) == (400, 200)
    assert "data" not in new.json()
    assert "data" not in old.json()
    assert new.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "query A { hello }", "operationName": "B"}, "The document has no operation named 'B'."),
        ({"query": "fragment F on Query { hello }"}, "The document has no operation."),
        ({"query": "query A { hello } query B { hello }"}, UNNAMED),
        ({"query": "query A { hello } mutation B { change }", "operationName": ""}, UNNAMED),
        ({"query": "{ hello } query B { hello }"}, UNNAMED),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_document_without_the_operation(
    client: httpx.AsyncClient,
    method: str,
    body: dict[str, str],
    message: str,
) -> None:
    new = await _ask(client, method, body, accept=NEW)
    old = await _ask(client, method, body, accept=OLD)

    assert (new.status_code, old.status_code) == (400, 200)
    assert new.json() == old.json() == _refusal(message)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_of_several_operations_none_runs_unless_one_is_named(client: httpx.AsyncClient, method: str) -> None:
    document = "mutation M { tooComplex } query Q { limited }"
    response = await _ask(client, method, {"query": document}, accept=NEW)

    assert (response.status_code, response.json()) == (400, _refusal(UNNAMED))


async def test_a_failed_field_keeps_the_status_and_the_data(client: httpx.AsyncClient) -> None:
    response = await _post(client, "{ hello refused }")

    assert response.status_code == 200
    assert answered(response.json()) == {
        "data": {"hello": "hello world", "refused": None},
        "errors": [
            {
                "message": "range.from: is after to",
                "locations": [{"line": 1, "column": 9}],
                "path": ["refused"],
                "extensions": {"code": "BAD_USER_INPUT", "argument": "range.from"},
            },
        ],
    }


async def test_a_fault_shows_the_requests_id_and_nothing_of_the_cause(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.post(
            "/graphql",
            json={"query": "query Boom { broken }"},
            headers={"Accept": NEW, "X-Request-ID": "request-0001"},
        )

    assert response.headers["x-request-id"] == "request-0001"
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"] == {"code": "INTERNAL", "correlationId": "request-0001"}
    assert "password" not in response.text
    [fault, access] = logs
    assert (fault["event"], fault["operation"], fault["path"]) == ("graphql operation failed", "Boom", "broken")
    assert str(fault["exc_info"]) == "SELECT password FROM users"
    assert (access["operation"], access["operation_type"]) == ("Boom", "query")


async def test_a_limit_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    response = await _post(client, "{ limited }")

    assert response.headers["retry-after"] == "7"
    assert response.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 7}


async def test_a_subscription_is_refused(client: httpx.AsyncClient) -> None:
    response = await _post(client, "subscription { ticks }")

    assert (response.status_code, response.json()) == (400, _refusal("Subscriptions run over WebSocket only."))


async def test_the_token_decides_who_asks(client: httpx.AsyncClient, offline_settings: Settings) -> None:
    token = issue_access_token(user_id=USER, seller_id=USER, role="OWNER", settings=offline_settings)
    body = {"query": "{ whoami }"}

    anonymous = await client.post("/graphql", json=body)
    known = await client.post("/graphql", json=body, headers={"Authorization": f"bearer {token.text}"})

    assert answered(anonymous.json()) == {"data": {"whoami": None}}
    assert answered(known.json()) == {"data": {"whoami": str(USER)}}


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Bearer nonsense", "The access token is not valid."),
        ("Bearer", "The access token is not valid."),
        ("Basic YTpi", "The Authorization header must be a bearer token."),
        ("", "The Authorization header must be a bearer token."),
    ],
)
@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_a_token_that_is_presented_must_be_valid(
    client: httpx.AsyncClient,
    backstage: Backstage,
    header: str,
    sentence: str,
    accept: str,
) -> None:
    response = await client.post(
        "/graphql",
        json={"query": "mutation { change }"},
        headers={"Authorization": header, "Accept": accept},
    )

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == (
        f'Bearer realm="pixecom", error="invalid_token", error_description="{sentence}"'
    )
    assert response.json() == _refusal(sentence, "UNAUTHENTICATED")
    assert backstage.events == ["opened"]


async def test_the_context_is_closed_before_the_answer_is_sent(client: httpx.AsyncClient, backstage: Backstage) -> None:
    await _post(client, "{ hello }")
    await _post(client, "{ broken }")

    assert backstage.events == ["opened", *["context opened", "context closed"] * 2]
