from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_schema.pixecom_schema import PixecomSchema
from graphql_schema.types.scalars import SCALARS, BigInt

HANOI = timezone(timedelta(hours=7))


@strawberry.type
class Query:
    @strawberry.field
    def decimal(self, value: Decimal) -> str:
        return repr(value)

    @strawberry.field
    def big_int(self, value: BigInt) -> str:
        return repr(value)

    @strawberry.field
    def date(self, value: date) -> str:
        return repr(value)

    @strawberry.field
    def instant(self, value: datetime) -> str:
        return value.isoformat()

    @strawberry.field
    def decimals(self) -> list[Decimal]:
        return [Decimal("12.50"), Decimal("0E-8"), Decimal("1E+3"), Decimal("-0.10")]

    @strawberry.field
    def big_ints(self) -> list[BigInt]:
        return [BigInt(2**63 - 1), BigInt(-(2**63)), BigInt(213_434_828)]

    @strawberry.field
    def days(self) -> list[date]:
        return [date(2026, 2, 28), date(1, 1, 1)]

    @strawberry.field
    def instants(self) -> list[datetime]:
        return [datetime(2026, 3, 1, 7, 0, tzinfo=HANOI), datetime(2026, 3, 1, 0, 0, 0, 5, tzinfo=UTC)]

    @strawberry.field
    def faulty_decimal(self) -> Decimal:
        return Decimal("NaN")

    @strawberry.field
    def faulty_big_int(self) -> BigInt:
        return BigInt(2**63)

    @strawberry.field
    def faulty_date(self) -> date:
        return datetime(2026, 1, 1, tzinfo=UTC)

    @strawberry.field
    def faulty_instant(self) -> datetime:
        return datetime(2026, 1, 1)  # noqa: DTZ001  # the missing zone is the point


SCHEMA = PixecomSchema(Query, config=StrawberryConfig(scalar_map=SCALARS))


async def _data(query: str, **variables: Any) -> dict[str, Any]:
    result = await SCHEMA.execute(query, variable_values=variables)
    assert result.errors is None
    assert result.data is not None
    return result.data


async def _errors(query: str, **variables: Any) -> list[tuple[str, dict[str, Any] | None]]:
    result = await SCHEMA.execute(query, variable_values=variables)
    return [(error.message, error.extensions) for error in result.errors or []]


async def test_output_is_exact() -> None:
    assert await _data("{ decimals bigInts days instants }") == {
        "decimals": ["12.50", "0.00000000", "1000", "-0.10"],
        "bigInts": [9223372036854775807, -9223372036854775808, 213434828],
        "days": ["2026-02-28", "0001-01-01"],
        "instants": ["2026-03-01T00:00:00+00:00", "2026-03-01T00:00:00.000005+00:00"],
    }


@pytest.mark.parametrize(
    ("field", "kind", "value", "literal", "seen"),
    [
        ("decimal", "Decimal", "12.50", '"12.50"', "Decimal('12.50')"),
        ("decimal", "Decimal", 7, "7", "Decimal('7')"),
        ("decimal", "Decimal", "0.10", "0.10", "Decimal('0.10')"),
        ("decimal", "Decimal", "-3", "-3", "Decimal('-3')"),
        ("bigInt", "BigInt", 2**63 - 1, "9223372036854775807", "9223372036854775807"),
        ("bigInt", "BigInt", -(2**63), "-9223372036854775808", "-9223372036854775808"),
        ("date", "Date", "2024-02-29", '"2024-02-29"', "datetime.date(2024, 2, 29)"),
        ("instant", "DateTime", "2026-03-01T07:00:00+07:00", '"2026-03-01T00:00:00Z"', "2026-03-01T00:00:00+00:00"),
        (
            "instant",
            "DateTime",
            "2026-03-01T00:00:00.25Z",
            '"2026-03-01T00:00:00.25Z"',
            "2026-03-01T00:00:00.250000+00:00",
        ),
    ],
)
async def test_good_input(field: str, kind: str, value: object, literal: str, seen: str) -> None:
    assert await _data(f"query ($v: {kind}!) {{ {field}(value: $v) }}", v=value) == {field: seen}
    assert await _data(f"{{ {field}(value: {literal}) }}") == {field: seen}


DECIMAL = (
    'Decimal must be a decimal number in a string, such as "12.50", with at most 20 digits on each side of the point, '
    "found "
)
BIG_INT = "BigInt must be an integer of at most 64 bits, found "
DATE = 'Date must be a day of the calendar as "YYYY-MM-DD", found '
INSTANT = 'DateTime must be an instant with its offset, such as "2026-03-01T12:00:00Z", found '


@pytest.mark.parametrize(
    ("field", "kind", "value", "sentence"),
    [
        ("decimal", "Decimal", 0.1, DECIMAL + "0.1."),
        ("decimal", "Decimal", True, DECIMAL + "true."),
        ("decimal", "Decimal", "NaN", DECIMAL + '"NaN".'),
        ("decimal", "Decimal", "1e5", DECIMAL + '"1e5".'),
        ("decimal", "Decimal", "1_000", DECIMAL + '"1_000".'),
        ("decimal", "Decimal", "", DECIMAL + '"".'),
        ("decimal", "Decimal", {"a": 1}, DECIMAL + "a list or an object."),
        ("decimal", "Decimal", "9" * 60, DECIMAL + '"' + "9" * 39 + "…."),
        ("bigInt", "BigInt", 2**63, BIG_INT + "9223372036854775808."),
        ("bigInt", "BigInt", -(2**63) - 1, BIG_INT + "-9223372036854775809."),
        ("bigInt", "BigInt", "5", BIG_INT + '"5".'),
        ("bigInt", "BigInt", 5.0, BIG_INT + "5.0."),
        ("bigInt", "BigInt", False, BIG_INT + "false."),
        ("date", "Date", "2026-02-30", DATE + '"2026-02-30".'),
        ("date", "Date", "20260228", DATE + '"20260228".'),
        ("date", "Date", "2026-W09-1", DATE + '"2026-W09-1".'),
        ("date", "Date", "2026-02-28T00:00:00Z", DATE + '"2026-02-28T00:00:00Z".'),
        ("date", "Date", "٢٠٢٦-02-28", DATE + '"٢٠٢٦-02-28".'),
        ("date", "Date", 20260228, DATE + "20260228."),
        ("instant", "DateTime", "2026-03-01T12:00:00", INSTANT + '"2026-03-01T12:00:00".'),
        ("instant", "DateTime", "2026-03-01", INSTANT + '"2026-03-01".'),
        ("instant", "DateTime", "2026-13-01T12:00:00Z", INSTANT + '"2026-13-01T12:00:00Z".'),
        ("instant", "DateTime", "0001-01-01T00:00:00+14:00", INSTANT + '"0001-01-01T00:00:00+14:00".'),
        ("instant", "DateTime", 1767225600, INSTANT + "1767225600."),
    ],
)
async def test_bad_input_in_a_variable_names_the_variable(field: str, kind: str, value: object, sentence: str) -> None:
    assert await _errors(f"query ($v: {kind}!) {{ {field}(value: $v) }}", v=value) == [
        (f"Variable '$v' has invalid value: {sentence}", {"code": "BAD_USER_INPUT", "argument": "value"}),
    ]


@pytest.mark.parametrize(
    ("field", "literal", "sentence"),
    [
        ("decimal", '"abc"', DECIMAL + '"abc".'),
        ("decimal", "1e5", DECIMAL + "1e5."),
        ("decimal", "true", DECIMAL + "true."),
        ("decimal", "[1]", DECIMAL + "[1]."),
        ("bigInt", "9223372036854775808", BIG_INT + "9223372036854775808."),
        ("bigInt", "1.0", BIG_INT + "1.0."),
        ("bigInt", '"1"', BIG_INT + '"1".'),
        ("bigInt", "1" * 5000, BIG_INT + "1" * 40 + "…."),
        ("date", '"2026-02-30"', DATE + '"2026-02-30".'),
        ("date", "TODAY", DATE + "TODAY."),
        ("instant", '"now"', INSTANT + '"now".'),
    ],
)
async def test_bad_input_in_a_literal_names_the_argument(field: str, literal: str, sentence: str) -> None:
    assert await _errors(f"{{ {field}(value: {literal}) }}") == [
        (f"value: {sentence}", {"code": "BAD_USER_INPUT", "argument": "value"}),
    ]


@pytest.mark.parametrize("field", ["faultyDecimal", "faultyBigInt", "faultyDate", "faultyInstant"])
async def test_a_wrong_value_of_ours_is_a_fault(field: str) -> None:
    [(message, extensions)] = await _errors(f"{{ {field} }}")

    assert message == "Something went wrong on our side. Quote the correlation id when you ask about it."
    assert extensions is not None
    assert extensions["code"] == "INTERNAL"


def test_each_scalar_is_described() -> None:
    printed = str(SCHEMA)

    assert 'scalar Date @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")' in printed
    assert 'scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")' in printed
    assert all(definition.description for definition in SCALARS.values())
