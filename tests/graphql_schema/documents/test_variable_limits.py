"""Variables are refused before anything coerces them, having looked at no more than the limit."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError

from graphql_schema.documents.limits import VariableLimits
from graphql_schema.documents.variable_limits import check_variables

LIMITS = VariableLimits(depth=3, values=10, length=5)


class _Untouchable(list[Any]):
    """A list that says how long it is, and must not be walked."""

    def __iter__(self) -> Any:
        raise AssertionError("it was walked")


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"a": None, "b": 1.5, "c": True, "d": "12345"},
        {"a": [[1]]},
        {"a": {"b": {"c": 1}}},
        {"a": list(range(9))},
        {f"v{place}": place for place in range(10)},
    ],
)
def test_what_is_within_the_limits_passes(variables: dict[str, Any]) -> None:
    check_variables(variables, LIMITS)


@pytest.mark.parametrize(
    ("variables", "counted", "limit"),
    [
        ({"a": [[[1]]]}, "levels", 3),
        ({"a": {"b": {"c": {"d": 1}}}}, "levels", 3),
        ({"a": list(range(10))}, "values", 10),
        ({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4, 5]}, "values", 10),
        ({f"v{place}": place for place in range(11)}, "values", 10),
        ({"a": {"b": ["123456"]}}, "characters in one string", 5),
        ({"a": _Untouchable(range(100_000))}, "values", 10),
    ],
)
def test_what_is_too_much_is_named_with_its_limit(variables: dict[str, Any], counted: str, limit: int) -> None:
    with pytest.raises(GraphQLError) as caught:
        check_variables(variables, LIMITS)

    assert caught.value.extensions == {"code": "BAD_USER_INPUT", "counted": counted, "limit": limit}
    assert caught.value.message == f"The variables have more than {limit} {counted}."
