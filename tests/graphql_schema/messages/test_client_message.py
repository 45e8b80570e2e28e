"""What a client reads of its mistakes is short, and says nothing of Python's."""

from __future__ import annotations

import pytest
import strawberry

from app.errors import InputError, TokenRejectedError
from app.observability.shortening import MESSAGE_CHARACTERS
from graphql_schema.messages.client_message import client_message
from graphql_schema.pixecom_schema import PixecomSchema
from graphql_schema.types.user_errors import user_error

LONG = "a" * 900_000
PYTHON = ", but encountered error 'KeyError: (\n)'; found: "


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def refused(self) -> str:
        raise InputError("name", f"is not {LONG}")


SCHEMA = PixecomSchema(Query)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (f"Expected 'X'{PYTHON}1.", "Expected 'X', found: 1."),
        (f"a{PYTHON}b{PYTHON}c", "a, found: b, found: c"),
        ("a, but encountered error 'without an end", "a, but encountered error 'without an end"),
        ("access_token=EAABx is wrong", "access_token=[secret] is wrong"),
        ("plain", "plain"),
    ],
)
def test_pythons_words_and_secrets_are_left_out(sentence: str, shown: str) -> None:
    assert client_message(sentence) == shown


QUERIES = {
    "field": f"{{ {LONG} }}",
    "input": f'{{ hello(name: {{{LONG}: "a"}}) }}',
    "argument": f"{{ hello({LONG}: 1) }}",
    "operation": f"query {LONG} {{ hello(name: 1) }}",
    "directive": f"{{ hello @{LONG} }}",
    "type": f"query ($v: {LONG}) {{ hello(name: $v) }}",
    "variable": f"query (${LONG}: Int) {{ hello(name: ${LONG}) }}",
    "fragment": f"{{ ...{LONG} }}",
    "number": f"{{ hello(name: {'9' * 900_000}) }}",
    "text": f'{{ hello(name: "{LONG}',
    "ours": "{ refused }",
}


@pytest.mark.parametrize("what", QUERIES)
async def test_a_message_is_short_however_long_what_it_is_about(what: str) -> None:
    result = await SCHEMA.execute(QUERIES[what])
    assert result.errors
    assert max(len(str(error.message)) for error in result.errors) <= MESSAGE_CHARACTERS
    assert max(len(str(error.extensions)) for error in result.errors) <= MESSAGE_CHARACTERS


async def test_a_message_about_a_variable_is_short() -> None:
    result = await SCHEMA.execute("query ($v: String) { hello(name: $v) }", variable_values={"v": [LONG]})
    assert result.errors
    assert len(result.errors[0].message) <= MESSAGE_CHARACTERS


def test_a_failure_as_data_is_short() -> None:
    assert len(user_error(TokenRejectedError(LONG)).message) <= MESSAGE_CHARACTERS
