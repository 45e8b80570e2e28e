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
    PlatformDownError,
    PlatformUnreachableError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
    TooMuchDataError,
    UnexplainedRefusalError,
)
from app.metrics.levels import Level
from app.providers.meta.calls.usage import regain_wait
from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.patience import WalkPatience

if TYPE_CHECKING:
    from tests.providers.conftest import ScriptedGraph

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
REGAIN = "estimated_time_to_regain_access"

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
    if status == 500 and (code == 12345 or expected in {TokenRejectedError, PermissionDeniedError}):
        expected = ProviderTransientError  # a code that nobody knows leaves the status to tell; a 5xx takes no access
    for _ in range(3 if expected is PermissionDeniedError else 1):
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
        (190, None, ProviderTransientError),
        (10, None, ProviderTransientError),
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
    for _ in range(3 if expected is PermissionDeniedError else 1):
        graph.answer_error(code, message=message)

    assert type(await raised_by(meta)) is expected


@pytest.mark.parametrize("code", [3, 10, 200, 294])
async def test_a_code_of_permission_is_believed_only_where_the_account_is_refused_too(
    meta: MetaProvider, graph: ScriptedGraph, code: int
) -> None:
    graph.answer_error(code)
    graph.answer({"id": "act_1"})
    error = await raised_by(meta)

    assert type(error) is RequestRefusedError
    assert str(error) == f"Meta answered HTTP 400, code {code}: something happened"


@pytest.mark.parametrize(
    ("status", "code", "subcode", "message"),
    [
        (400, 80012, 2446079, "There have been too many calls from this Business."),
        (400, 80012, None, "(#80012) Something"),
        (400, 80007, None, "(#80007) Something"),
        (400, 80010, None, "(#80010) Something"),
        (400, 9, None, "The user is performing too many actions"),
        (400, 18, None, "(#18) Something"),
        (400, 36, None, "(#36) Something"),
        (400, 10, 2446079, "User request limit reached"),
        (403, 200, 1487742, "Something"),
        (400, 100, None, "(#100) Rate limit exceeded"),
        (400, 1, None, "(#1) There have been too many calls"),
        (500, 5, None, "Application request limit reached"),
    ],
)
async def test_a_throttle_is_one_under_any_code(
    meta: MetaProvider, graph: ScriptedGraph, status: int, code: int, subcode: int | None, message: str
) -> None:
    graph.answer_error(code, subcode, status=status, message=message)

    assert type(await raised_by(meta)) is ProviderThrottledError


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (503, 2, "Access to this service is temporarily restricted for maintenance."),
        (400, 2, "Access to this service is restricted during maintenance"),
        (500, 2, "Ads API is closed for today"),
        (500, 1, "User does not have access to the ad account"),
        (500, 2, "Your session has timed out"),
        (400, 1200, "Something"),
        (400, 7654321, "Temporary error. Please retry"),
        (400, 10, "Service temporarily unavailable"),
        (503, 190, "Something"),
    ],
)
async def test_an_outage_passes_whatever_it_says_of_access(
    meta: MetaProvider, graph: ScriptedGraph, status: int, code: int, message: str
) -> None:
    for _ in range(3):
        graph.answer_error(code, status=status, message=message)

    assert type(await raised_by(meta)) is ProviderTransientError


async def test_metas_legacy_envelope_is_read(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({"error_code": 190, "error_msg": "Invalid OAuth 2.0 Access Token"}, status=400)
    error = await raised_by(meta)

    assert type(error) is TokenRejectedError
    assert str(error) == "Meta answered HTTP 400, code 190: Invalid OAuth 2.0 Access Token"


NOT_GRAPHS: list[tuple[int, object]] = [
    (403, {"error": "Forbidden"}),
    (401, {"error": "Unauthorized"}),
    (403, {"error": {"code": 403, "message": "Request blocked: access denied"}}),
    (401, {"error": {"message": "Unauthorized", "type": "proxy"}}),
    (400, {"error": {"code": 10, "message": "permission denied"}}),
    (451, b"<html>"),
    (302, b""),
    (511, {"error": "Network authentication required: access denied"}),
    (502, {"error": {"message": "upstream connection closed"}}),
    (504, {"error": {"message": "upstream session has timed out"}}),
    (503, {"error": {"code": 503, "message": "access to this service is restricted"}}),
]


@pytest.mark.parametrize(("status", "body"), NOT_GRAPHS)
async def test_what_has_not_the_form_of_graphs_errors_takes_no_access(
    meta: MetaProvider, graph: ScriptedGraph, status: int, body: object
) -> None:
    for _ in range(3):
        graph.answer(body, status=status)
    error = await raised_by(meta)

    assert type(error) is (ProviderTransientError if status >= 500 else RequestRefusedError)
    assert "a proxy or firewall on the way may have answered" in str(error)
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(("status", "body"), NOT_GRAPHS[:7])
async def test_where_graph_answers_about_us_the_account_alone_is_refused(
    meta: MetaProvider, graph: ScriptedGraph, status: int, body: object
) -> None:
    for _ in range(2):
        graph.answer(body, status=status)
    graph.answer({"id": "1"})

    assert type(await raised_by(meta)) is UnexplainedRefusalError


async def test_a_greeting_of_a_proxy_is_no_account(meta: MetaProvider, graph: ScriptedGraph) -> None:
    """It is asked for no smaller pages, and for no report."""
    for _ in range(9):
        graph.answer({"status": "ok"})
    with pytest.raises(PlatformDownError):
        _ = [rows async for rows in meta.read_insights(Level.AD, NOW.date(), NOW.date())]
    asked = len(graph.calls)
    with pytest.raises(PlatformDownError):
        _ = [rows async for rows in meta.read_insights(Level.AD, NOW.date(), NOW.date(), expected_rows=10**6)]

    assert (asked, len(graph.calls)) == (3, 4)


async def test_a_loss_is_confirmed_after_some_seconds(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> None:
    """A reload of some moments refuses the account and its node, and no more."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version="v26.0",
        account_external_id="act_1",
        access_token=SecretStr("t"),
        patience=WalkPatience(sleep=sleep),
    )
    for _ in range(2):
        graph.answer_error(100, 33)
    graph.answer({"data": [{"id": "11"}]})

    assert type(await raised_by(meta)) is RequestRefusedError
    assert pauses == [8.0]


async def test_an_account_without_campaigns_is_asked_for_again(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for _ in range(2):
        graph.answer_error(100, 33)
    graph.answer({"data": []})
    graph.answer({"id": "act_1"})

    assert type(await raised_by(meta)) is RequestRefusedError
    assert graph.unused == 0


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
    for status in (401, again, again):
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
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 999999}]}'}, timedelta(0)),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 1e99}]}'}, timedelta(0)),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 1440}]}'}, timedelta(days=1)),
        ({"x-ad-account-usage": f'{{"reset_time_duration": {10**40}}}'}, timedelta(0)),
        ({"x-ad-account-usage": '{"reset_time_duration": -5}'}, timedelta(0)),
        ({"x-ad-account-usage": "not json", "x-business-use-case-usage": "[1]"}, timedelta(0)),
        ({"x-business-use-case-usage": '{"1": 5, "2": [null, "x", {}]}'}, timedelta(0)),
        ({"retry-after": "420"}, timedelta(minutes=7)),
        ({"retry-after": "Tue, 10 Mar 2026 12:07:00 GMT"}, timedelta(minutes=7)),
        ({"retry-after": "Tue, 10 Mar 2026 11:53:00 GMT"}, timedelta(0)),
        ({"retry-after": "90000"}, timedelta(0)),
        ({"retry-after": "-5"}, timedelta(0)),
        ({"retry-after": "soon"}, timedelta(0)),
        (
            {
                "retry-after": "60",
                "x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 7}]}',
            },
            timedelta(minutes=7),
        ),
    ],
)
def test_regain_wait(headers: dict[str, str], wait: timedelta) -> None:
    with clock.frozen(NOW):
        assert regain_wait(headers) == wait


def regain_of(*entries: tuple[str, str, int]) -> str:
    """The header that names these minutes, each for an id and a type."""
    said = [f'"{owner}": [{{"type": "{kind}", "{REGAIN}": {minutes}}}]' for owner, kind, minutes in entries]
    return f"{{{', '.join(said)}}}"


@pytest.mark.parametrize(
    ("code", "entries", "minutes"),
    [
        (80000, [("1001", "ads_insights", 7), ("1001", "ads_management", 50)], 7),
        (80004, [("1001", "ads_insights", 50), ("1001", "ads_management", 7)], 7),
        (80000, [("1001", "instagram", 50)], None),
        (80000, [("999", "ads_insights", 50), ("1001", "ads_insights", 7)], 7),
        (80000, [("999", "ads_insights", 7)], 7),  # a business of ours, for all that anybody knows
        (17, [("1001", "ads_insights", 5), ("1001", "ads_management", 7), ("1001", "messenger", 50)], 7),
    ],
)
async def test_a_throttles_wait_is_that_of_its_account_and_use_case(
    meta: MetaProvider, graph: ScriptedGraph, code: int, entries: list[tuple[str, str, int]], minutes: int | None
) -> None:
    graph.answer_error(code, headers={"X-Business-Use-Case-Usage": regain_of(*entries)})
    with clock.frozen(NOW):
        error = await raised_by(meta)

    assert isinstance(error, ProviderThrottledError)
    assert error.is_guess is (minutes is None)
    assert minutes is None or error.retry_at == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "sent",
    [
        [regain_of(("1001", "ads_insights", 3)), regain_of(("1001", "ads_management", 7))],
        [f"{regain_of(('1001', 'ads_insights', 3))}, {regain_of(('1001', 'ads_management', 7))}"],
        ["{broken", regain_of(("1001", "ads_management", 7))],
    ],
)
async def test_a_header_that_is_sent_twice_is_read_twice(sent: list[str]) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        headers = [("X-Business-Use-Case-Usage", value) for value in sent]
        return httpx.Response(400, json={"error": {"code": 17, "message": "too many calls"}}, headers=headers)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        meta = MetaProvider(
            client,
            graph_url="http://graph.test",
            api_version="v26.0",
            account_external_id="act_1001",
            access_token=SecretStr("t"),
        )
        with clock.frozen(NOW):
            error = await raised_by(meta)

    assert isinstance(error, ProviderThrottledError)
    assert error.retry_at == NOW + timedelta(minutes=7)


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
