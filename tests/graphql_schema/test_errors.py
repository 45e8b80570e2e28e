from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

import asyncpg
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from structlog.testing import capture_logs

from app.clock import frozen
from app.errors import (
    ConflictError,
    CursorExpiredError,
    DeadlineExceededError,
    ForbiddenError,
    InputError,
    LeaseLostError,
    NotFoundError,
    PixecomError,
    ProviderThrottledError,
    ProviderTransientError,
    RateLimitedError,
    SetupError,
    TokenRejectedError,
    UnauthenticatedError,
    UnavailableError,
)
from app.observability.correlation import begin_correlation
from graphql_schema.errors import ErrorCode, code_of, query_too_complex, rate_limited
from graphql_schema.pixecom_schema import PixecomSchema
from graphql_schema.types.scalars import SCALARS

if TYPE_CHECKING:
    from collections.abc import Generator

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENTENCE = "Something went wrong on our side. Quote the correlation id when you ask about it."


Loose = NewType("Loose", int)
LOOSE = strawberry.scalar(name="Loose", serialize=int, parse_value=int)


@strawberry.enum
class Preset(Enum):
    TODAY = "today"


@strawberry.input
class Days:
    since: date
    until: date | None = None


@strawberry.input(one_of=True)
class RangeInput:
    preset: Preset | None = strawberry.UNSET
    days: Days | None = strawberry.UNSET
    several: list[Days] | None = strawberry.UNSET


@strawberry.input
class NestedInput:
    note: str | None = None
    range: RangeInput | None = None


_raised: list[Exception] = []


@strawberry.type
class Query:
    @strawberry.field
    async def failing(self) -> str | None:
        await asyncio.sleep(0)
        raise _raised[-1]

    @strawberry.field
    def healthy(self) -> str:
        return "ok"

    @strawberry.field
    def absent(self) -> str:
        return None  # pyright: ignore[reportReturnType]  # the broken promise is the point

    @strawberry.field
    def ranged(self, range: RangeInput) -> str:  # noqa: A002  # the name of the argument in the API
        return type(range).__name__

    @strawberry.field
    def nested(self, all: list[NestedInput]) -> str:  # noqa: A002  # the name of the argument in the API
        return str(len(all))

    @strawberry.field
    def identified(self, id: Loose, first: int = 20) -> str:  # noqa: A002  # the name of the argument in the API
        return f"{id} {first}"


CONFIG = StrawberryConfig(scalar_map={**SCALARS, Loose: LOOSE})
SCHEMA = PixecomSchema(Query, config=CONFIG)


async def _errors(query: str, **variables: Any) -> list[dict[str, Any]]:
    named = "Named" if "query Named" in query else None
    result = await SCHEMA.execute(query, variable_values=variables, operation_name=named)
    return [dict(error.formatted) for error in result.errors or []]


async def _raise(error: Exception) -> dict[str, Any]:
    _raised.append(error)
    [formatted] = await _errors("query Named { failing healthy }")
    return formatted


@pytest.mark.parametrize(
    ("error", "extensions"),
    [
        (InputError("range.from", "is after to"), {"code": "BAD_USER_INPUT", "argument": "range.from"}),
        (CursorExpiredError("after", "has expired"), {"code": "CURSOR_EXPIRED", "argument": "after"}),
        (UnauthenticatedError("Log in."), {"code": "UNAUTHENTICATED"}),
        (ForbiddenError("Your role may not."), {"code": "FORBIDDEN"}),
        (NotFoundError("No such campaign."), {"code": "NOT_FOUND"}),
        (ConflictError("It is archived."), {"code": "CONFLICT"}),
        (UnavailableError("Try again."), {"code": "UPSTREAM_UNAVAILABLE"}),
        (DeadlineExceededError(15.0), {"code": "DEADLINE_EXCEEDED", "limitSeconds": 15.0}),
        (RateLimitedError(retry_after=4.2), {"code": "RATE_LIMITED", "retryAfter": 5}),
        (ProviderTransientError("Meta does not answer."), {"code": "UPSTREAM_UNAVAILABLE"}),
        (TokenRejectedError("Meta refuses the token."), {"code": "UPSTREAM_UNAVAILABLE"}),
        (
            ProviderThrottledError("Meta asks to wait.", retry_at=NOON + timedelta(seconds=90.2)),
            {"code": "UPSTREAM_UNAVAILABLE", "retryAfter": 91},
        ),
        (
            GraphQLError("Too deep.", extensions={"code": "QUERY_TOO_COMPLEX", "limit": 10}),
            {"code": "QUERY_TOO_COMPLEX", "limit": 10},
        ),
    ],
)
async def test_an_expected_failure_keeps_its_sentence_and_is_no_fault(
    error: Exception,
    extensions: dict[str, Any],
) -> None:
    with frozen(NOON), capture_logs() as logs:
        formatted = await _raise(error)

    assert formatted == {
        "message": str(error).partition("\n")[0],
        "locations": [{"line": 1, "column": 15}],
        "path": ["failing"],
        "extensions": extensions,
    }
    assert [line["log_level"] for line in logs] == ["debug"]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("SELECT secret FROM sellers"),
        KeyError("password"),
        PixecomError("bare"),
        SetupError("TOKEN_ENCRYPTION_KEYS has no key"),
        LeaseLostError("attempt 3"),
        GraphQLError("String cannot represent value: <Seller>"),
        GraphQLError("invented", extensions={"code": "INVENTED"}),
    ],
)
async def test_an_unexpected_failure_shows_a_correlation_id_and_is_logged_whole(error: Exception) -> None:
    begin_correlation("request-0001")
    with capture_logs() as logs:
        formatted = await _raise(error)

    assert formatted == {
        "message": SENTENCE,
        "locations": [{"line": 1, "column": 15}],
        "path": ["failing"],
        "extensions": {"code": "INTERNAL", "correlationId": "request-0001"},
    }
    [line] = logs
    assert line["log_level"] == "error"
    assert line["operation"] == "Named"
    assert line["path"] == "failing"
    assert line["correlation_id"] == "request-0001"
    assert line["exc_info"] is error


@pytest.mark.parametrize(
    "error", [asyncpg.CannotConnectNowError("the database system is starting up"), ConnectionRefusedError(111)]
)
async def test_an_absent_database_is_no_fault_of_the_request(error: Exception) -> None:
    begin_correlation("request-0001")
    with capture_logs() as logs:
        formatted = await _raise(error)

    assert formatted["message"].startswith("The database is not answering right now; try again in a moment.")
    assert formatted["extensions"] == {"code": "UPSTREAM_UNAVAILABLE", "correlationId": "request-0001"}
    assert [(line["log_level"], line["exc_info"]) for line in logs] == [("warning", error)]


async def test_a_failing_child_leaves_its_siblings() -> None:
    _raised.append(RuntimeError("x"))
    result = await SCHEMA.execute("{ failing healthy }")

    assert result.data == {"failing": None, "healthy": "ok"}


async def test_a_broken_promise_of_ours_is_a_fault() -> None:
    [error] = await _errors("{ absent }")

    assert error["message"] == SENTENCE
    assert error["extensions"]["code"] == "INTERNAL"


async def test_a_failing_extension_is_a_fault() -> None:
    class Broken(SchemaExtension):
        def on_execute(self) -> Generator[None]:
            raise RuntimeError("hook with secrets")
            yield

    result = await PixecomSchema(Query, extensions=[Broken], config=CONFIG).execute("{ healthy }")

    assert result.data is None
    assert [(error.message, (error.extensions or {})["code"]) for error in result.errors or []] == [
        (SENTENCE, "INTERNAL"),
    ]


@pytest.mark.parametrize(
    ("query", "message", "argument"),
    [
        ("{ healthy", "Syntax Error: Expected Name, found <EOF>.", None),
        ("{ missing }", "Cannot query field 'missing' on type 'Query'.", None),
        (
            '{ identified(id: "abc") }',
            "id: Expected value of type 'Loose', found: \"abc\".",
            "id",
        ),
        (
            '{ identified(id: 1, first: "x") }',
            'first: Int cannot represent non-integer value: "x"',
            "first",
        ),
        (
            "{ ranged(range: {preset: LATER}) }",
            "range.preset: Value 'LATER' does not exist in 'Preset' enum.",
            "range.preset",
        ),
        (
            '{ ranged(range: {several: [{since: "2026-01-01"}, {since: "x"}]}) }',
            'range.several.1.since: Date must be a day of the calendar as "YYYY-MM-DD", found "x".',
            "range.several.1.since",
        ),
        (
            '{ ranged(range: {days: {since: "2026-01-01", until: "2026-01-01", end: 1}}) }',
            (
                "Expected value of type 'Days' not to include unknown field 'end', "
                'found: { since: "2026-01-01", until: "2026-01-01", end: 1 }.'
            ),
            "range.days.end",
        ),
        (
            "query ($r: RangeInput = {preset: null}) { ranged(range: $r) }",
            "range: Field 'RangeInput.preset' must be non-null.",
            "range",
        ),
        (
            'query ($n: [NestedInput!] = [{range: {days: {since: "x"}}}]) { nested(all: $n) }',
            'all.0.range.days.since: Date must be a day of the calendar as "YYYY-MM-DD", found "x".',
            "all.0.range.days.since",
        ),
    ],
)
async def test_a_clients_mistake_in_the_document(query: str, message: str, argument: str | None) -> None:
    with capture_logs() as logs:
        errors = await _errors(query)

    expected = {"code": "BAD_USER_INPUT"} | ({"argument": argument} if argument else {})
    assert [(error["message"], error["extensions"]) for error in errors] == [(message, expected)]
    assert {line["log_level"] for line in logs} == {"debug"}


@pytest.mark.parametrize(
    ("query", "variables", "message", "argument"),
    [
        (
            "query ($id: Loose!) { identified(id: $id) }",
            {"id": "no"},
            "Variable '$id' has invalid value: Expected value of type 'Loose', found: 'no'.",
            "id",
        ),
        (
            "query ($r: RangeInput!) { ranged(range: $r) }",
            {"r": {"several": [{"since": "2026-02-30", "until": "2026-01-01"}]}},
            (
                "Variable '$r' has invalid value at .several[0].since: "
                'Date must be a day of the calendar as "YYYY-MM-DD", found "2026-02-30".'
            ),
            "range.several.0.since",
        ),
        (
            "query ($d: Date!) { ranged(range: {days: {since: $d, until: $d}}) }",
            {"d": "x"},
            'Variable \'$d\' has invalid value: Date must be a day of the calendar as "YYYY-MM-DD", found "x".',
            "range.days.since",
        ),
        (
            "query ($n: Int, $r: RangeInput!) { ranged(range: $r) identified(id: 1, first: $n) }",
            {"r": {}},
            "OneOf Input Object 'RangeInput' must specify exactly one key.",
            "range",
        ),
        (
            "query ($r: RangeInput!) { ranged(range: {preset: TODAY}) other: ranged(range: $r) }",
            {"r": {"days": None}},
            "Value for member field 'days' must be non-null",
            "range.days",
        ),
        (
            "query ($n: [NestedInput!]!) { nested(all: $n) }",
            {"n": [{"range": {"preset": "TODAY"}}, {"range": {"preset": "TODAY", "days": {"since": "2026-01-01"}}}]},
            "OneOf Input Object 'RangeInput' must specify exactly one key.",
            "all.1.range",
        ),
        (
            "query Other($n: [NestedInput!]!) { nested(all: $n) } query Named($n: NestedInput!) { nested(all: [$n]) }",
            {"n": {"note": None, "range": {"preset": None}}},
            "Value for member field 'preset' must be non-null",
            "all.0.range.preset",
        ),
        (
            "query ($n: [NestedInput!]!) { nested(all: $n) }",
            {"n": {"range": {}}},
            "OneOf Input Object 'RangeInput' must specify exactly one key.",
            "all.range",
        ),
        (
            "query ($r: RangeInput!) { ranged(range: $r) }",
            {},
            "Variable '$r' has invalid value: Expected a value of non-null type 'RangeInput!' to be provided.",
            "range",
        ),
    ],
)
async def test_a_clients_mistake_in_a_variable(
    query: str,
    variables: dict[str, Any],
    message: str,
    argument: str,
) -> None:
    with capture_logs() as logs:
        errors = await _errors(query, **variables)

    assert [(error["message"], error["extensions"]) for error in errors] == [
        (message, {"code": "BAD_USER_INPUT", "argument": argument}),
    ]
    assert {line["log_level"] for line in logs} == {"debug"}


async def test_many_mistakes_in_variables_are_told_up_to_a_number() -> None:
    errors = await _errors("query ($n: [NestedInput!]!) { nested(all: $n) }", n=["no"] * 20)

    assert len(errors) == 6
    assert errors[-1]["message"] == ("Too many errors processing variables, error limit reached. Execution aborted.")


async def test_too_deep_a_document_is_the_clients_mistake() -> None:
    errors = await _errors("{ a" * 20_000)

    assert [error["extensions"] for error in errors] == [{"code": "BAD_USER_INPUT"}]


def test_the_codes_are_those_of_the_documentation() -> None:
    assert {code.value for code in ErrorCode} == {
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "CURSOR_EXPIRED",
        "MIXED_CURRENCIES",
        "CONFLICT",
        "RATE_LIMITED",
        "QUERY_TOO_COMPLEX",
        "UPSTREAM_UNAVAILABLE",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
    }
    assert code_of(NotFoundError("x")) is ErrorCode.NOT_FOUND
    assert code_of(ValueError("x")) is ErrorCode.INTERNAL


def test_limits_say_what_they_are() -> None:
    assert rate_limited(retry_after=2.1).formatted == {
        "message": "Too many requests; ask again later.",
        "extensions": {"code": "RATE_LIMITED", "retryAfter": 3},
    }
    assert query_too_complex(cost=1200, limit=1000).formatted == {
        "message": "The query costs 1200, more than the limit of 1000; ask for fewer or smaller pages.",
        "extensions": {"code": "QUERY_TOO_COMPLEX", "cost": 1200, "limit": 1000},
    }
