from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.errors import (
    FieldDroppedError,
    OutdatedRequestError,
    PermissionDeniedError,
    PlatformUnreachableError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
    TooMuchDataError,
)
from app.providers.meta.provider import MetaProvider
from app.providers.meta.usage import regain_wait

if TYPE_CHECKING:
    from tests.providers.conftest import ScriptedGraph

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

THROTTLED: list[tuple[int, int | None]] = [
    (4, None),
    (4, 1504022),
    (4, 1504039),
    (17, None),
    (17, 2446079),
    (32, None),
    (80001, None),
    (341, None),
    (613, None),
    (613, 1487742),
    (613, 1487225),
    (613, 1487632),
    (613, 5044001),
    (613, 1996),
    (80000, 2446079),
    (80002, None),
    (80003, None),
    (80004, 2446079),
    (80005, None),
    (80006, None),
    (80008, None),
    (80009, None),
    (80014, None),
]
TRANSIENT: list[tuple[int, int | None]] = [
    (1, None),
    (2, None),
    (1, 99),
    (960, None),
    (104, None),
    (-2, 2490547),
    (2, 1504043),
    (2, 1504044),
]
TOO_MUCH = [(100, 1487534), (100, 1504018), (2, 1504038)]
TOKEN_DEAD: list[tuple[int, int | None]] = [
    (102, None),
    (190, None),
    *((190, subcode) for subcode in (458, 459, 460, 463, 464, 467, 492)),
]
FORBIDDEN = [(10, None), (3, None), (294, None), (200, None), (273, None), (299, None)]
REFUSED: list[tuple[int, int | None]] = [
    (100, None),
    (100, 33),
    (2, 1504041),
    (2, 1504042),
    (368, None),
    (3018, None),
    (2500, None),
    (12345, None),
]
TABLE: list[tuple[type[ProviderError], int, int | None]] = [
    (expected, code, subcode)
    for expected, pairs in (
        (ProviderThrottledError, THROTTLED),
        (ProviderTransientError, TRANSIENT),
        (TooMuchDataError, TOO_MUCH),
        (TokenRejectedError, TOKEN_DEAD),
        (PermissionDeniedError, FORBIDDEN),
        (RequestRefusedError, REFUSED),
        (OutdatedRequestError, [(2635, None)]),
    )
    for code, subcode in pairs
]


async def raised_by(meta: MetaProvider) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await meta.get_account()
    return raised.value


@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize(("expected", "code", "subcode"), TABLE)
async def test_the_code_decides_and_not_the_status(
    meta: MetaProvider,
    graph: ScriptedGraph,
    expected: type[ProviderError],
    code: int,
    subcode: int | None,
    status: int,
) -> None:
    if code == 12345 and status == 500:
        expected = ProviderTransientError  # a code that nobody knows leaves the status to tell
    graph.answer_error(code, subcode, status=status)
    error = await raised_by(meta)

    assert type(error) is expected
    assert (error.code, error.subcode) == (code, subcode)
    number = f"code {code}" if subcode is None else f"code {code}/{subcode}"
    assert str(error) == f"Meta answered HTTP {status}, {number}: something happened"


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (100, None, ProviderTransientError),
        (12345, None, ProviderTransientError),
        (17, 2446079, ProviderThrottledError),
        (190, None, TokenRejectedError),
        (10, None, PermissionDeniedError),
        (2, 1504041, RequestRefusedError),
        (100, 1487534, TooMuchDataError),
    ],
)
async def test_is_transient_is_believed_only_where_nothing_better_is_known(
    meta: MetaProvider,
    graph: ScriptedGraph,
    code: int,
    subcode: int | None,
    expected: type[ProviderError],
) -> None:
    graph.answer_error(code, subcode, is_transient=True)

    assert type(await raised_by(meta)) is expected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (1, "Please reduce the amount of data you're asking for, then retry your request", TooMuchDataError),
        (100, "Please reduce the amount of data", TooMuchDataError),
        (100, "Cannot include account_id in summary param because they weren't there", ProviderTransientError),
        (100, "(#100) account_status is not valid for fields param", FieldDroppedError),
        (100, "(#100) Tried accessing nonexisting field (currency) on node type (AdAccount)", FieldDroppedError),
        (100, "(#100) Unknown field: currency", FieldDroppedError),
        (12, "(#12) The field currency is deprecated for versions v27.0 and higher", FieldDroppedError),
        (100, "(#100) Unknown field: actions", RequestRefusedError),
        (100, "(#100) API version v27.0 is not supported", OutdatedRequestError),
        (3, "(#3) This API version is no longer supported", OutdatedRequestError),
        (2500, "Unknown path components: /v27.0/act_1001", OutdatedRequestError),
        (200, "API access blocked.", OutdatedRequestError),
        (190, "Error validating access token: The application has been deleted", OutdatedRequestError),
        (2500, "An active access token must be used to query information about the current user.", TokenRejectedError),
        (104, "An access token is required to request this resource.", TokenRejectedError),
        (100, "Ad account owner has NOT grant ads_management or ads_read permission", PermissionDeniedError),
    ],
)
async def test_some_errors_are_told_by_their_text(
    meta: MetaProvider,
    graph: ScriptedGraph,
    code: int,
    message: str,
    expected: type[ProviderError],
) -> None:
    graph.answer_error(code, message=message)

    assert type(await raised_by(meta)) is expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b"<html>oops</html>", ProviderTransientError),
        (502, b"", ProviderTransientError),
        (503, {"unavailable": True}, ProviderTransientError),
        (404, b"not found", ProviderTransientError),
        (302, b"", ProviderTransientError),
        (429, b"", ProviderThrottledError),
        (429, {"error": {"message": "slow down"}}, ProviderThrottledError),
        (400, {"error": {"message": "no code"}}, ProviderTransientError),
        (400, {"error": "text"}, ProviderTransientError),
        (400, {"error": ["text"]}, ProviderTransientError),
        (200, b"", ProviderTransientError),
        (200, b"[" * 100_000, ProviderTransientError),
    ],
)
async def test_an_answer_without_a_code(
    meta: MetaProvider,
    graph: ScriptedGraph,
    status: int,
    body: object,
    expected: type[ProviderError],
) -> None:
    graph.answer(body, status=status)

    assert type(await raised_by(meta)) is expected


@pytest.mark.parametrize("again", [401, 403])
async def test_a_token_that_is_refused_as_oauth_has_it(meta: MetaProvider, graph: ScriptedGraph, again: int) -> None:
    for status in (401, again):
        graph.answer({"error": "invalid_token", "error_description": "The token was revoked"}, status=status)
    error = await raised_by(meta)

    assert type(error) is TokenRejectedError
    assert "invalid_token" in str(error)


@pytest.mark.parametrize("nothing", [None, "", [], {}])
async def test_an_error_that_is_none_is_no_error(meta: MetaProvider, graph: ScriptedGraph, nothing: object) -> None:
    graph.answer({"data": [{"id": "1", "name": "One"}], "error": nothing})
    ids = [ad.external_id async for page in meta.list_ads() for ad in page]

    assert ids == ["1"]


async def test_an_error_inside_a_200_is_an_error(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_error(190, status=200)

    assert type(await raised_by(meta)) is TokenRejectedError


async def test_the_users_text_is_shown_beside_the_message(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(
        {
            "error": {
                "message": "Invalid parameter",
                "code": 100,
                "error_user_title": "Budget too low",
                "error_user_msg": "Raise it.",
            },
        },
        status=400,
    )

    assert str(await raised_by(meta)) == (
        "Meta answered HTTP 400, code 100: Invalid parameter | Budget too low | Raise it."
    )


async def test_a_throttle_says_when_to_come_back(meta: MetaProvider, graph: ScriptedGraph) -> None:
    usage = {"1001": [{"type": "ads_insights", "estimated_time_to_regain_access": 17}]}
    graph.answer_error(80000, 2446079, headers={"X-Business-Use-Case-Usage": json.dumps(usage)})
    with clock.frozen(NOW):
        error = await raised_by(meta)

    assert isinstance(error, ProviderThrottledError)
    assert (error.retry_at, error.is_guess) == (NOW + timedelta(minutes=17), False)


async def test_a_throttle_that_names_no_time_says_that_its_time_is_a_guess(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    graph.answer_error(80000, 2446079)
    with clock.frozen(NOW):
        error = await raised_by(meta)

    assert isinstance(error, ProviderThrottledError)
    assert (error.retry_at, error.is_guess) == (NOW + timedelta(minutes=10), True)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, timedelta(0)),
        ({"x-ad-account-usage": '{"acc_id_util_pct": 100, "reset_time_duration": 100}'}, timedelta(seconds=100)),
        (
            {
                "x-business-use-case-usage": json.dumps(
                    {
                        "1": [{"estimated_time_to_regain_access": 0}, {"estimated_time_to_regain_access": 42}],
                        "2": [{"estimated_time_to_regain_access": 5}],
                    },
                ),
                "x-ad-account-usage": '{"reset_time_duration": 2519}',
            },
            timedelta(minutes=42),
        ),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, timedelta(0)),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 999999}]}'}, timedelta(days=1)),
        ({"x-ad-account-usage": f'{{"reset_time_duration": {10**40}}}'}, timedelta(days=1)),
        ({"x-ad-account-usage": '{"reset_time_duration": -5}'}, timedelta(0)),
        ({"x-ad-account-usage": "not json", "x-business-use-case-usage": "[1]"}, timedelta(0)),
        ({"x-business-use-case-usage": '{"1": 5, "2": [null, "x", {}]}'}, timedelta(0)),
    ],
)
def test_regain_wait(headers: dict[str, str], wait: timedelta) -> None:
    assert regain_wait(headers) == wait


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.ReadTimeout("slow"), "ReadTimeout"),
        (httpx.RemoteProtocolError("gone"), "RemoteProtocolError"),
        (httpx.DecodingError("gzip"), "DecodingError"),
    ],
)
async def test_network_trouble_is_transient(failure: httpx.RequestError, name: str) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://127.0.0.1:9",
            api_version="v26.0",
            account_external_id="act_1",
            access_token=SecretStr("t"),
        )
        error = await raised_by(meta)

    is_unreachable = isinstance(failure, httpx.ConnectError)
    assert type(error) is (PlatformUnreachableError if is_unreachable else ProviderTransientError)
    assert str(error) == f"Meta could not be reached: {name}"
    assert error.__cause__ is None
    assert error.__suppress_context__ is True


async def test_a_closed_port_is_transient(http_client: httpx.AsyncClient) -> None:
    meta = MetaProvider(
        http_client,
        graph_url="http://127.0.0.1:9",
        api_version="v26.0",
        account_external_id="act_1",
        access_token=SecretStr("t"),
    )

    assert str(await raised_by(meta)) == "Meta could not be reached: ConnectError"
