"""No text of a stranger's makes a pattern of ours slow: twice the text takes twice the steps.

The steps are counted, not timed: those of regular expressions by a matcher of the tests' own that works as `re` does,
those of ordinary functions as lines that Python runs.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from pydantic import SecretStr

from app.errors import PixecomError
from app.http.requests.negotiation import is_json_utf8, preferred_type
from app.observability.correlation import begin_correlation
from app.observability.masking import mask_secrets
from app.observability.shortening import MESSAGE_CHARACTERS, presentable
from app.providers.meta.calls.credentials import Credentials
from graphql_schema.messages.client_message import client_message
from graphql_schema.types.global_id import read_global_id
from tests.pattern_steps import PatternSteps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIZE = 400
MEGABYTE = 1_000_000
# Twice the text may take this many times the steps, and a few more where they are few.
GROWTH = 2.3
FEW_STEPS = 500
ROOT = Path(__file__).parents[1]

PIECES = {
    "letters": "a",
    "digits": "7",
    "spaces": " ",
    "newlines": "\n",
    "NULs": "\x00",
    "backslashes": "\\",
    "quotes": '"',
    "apostrophes": "'",
    "escaped quotes": '\\"',
    "emoji": "🦆",
    "combining accents": "e\u0301",
    "percent escapes": "%3D",
    "percent signs": "%",
    "brackets": "[1]",
    "opening brackets": "[",
    "braces": "{",
    "nested objects": '{"a":',
    "colons": ":",
    "dots": ".",
    "commas": ",",
    "semicolons": ";",
    "media ranges": "a/b;q=1,",
    "words": "token ",
    "joined words": "token",
    "words and spaces": "token     ",
    "named values": "access_token=",
    "named quotes": 'password="',
    "named nothing": "secret = & ",
    "named schemes": "authorization: bearer ",
    "bearers": "bearer ",
    "bearers and spaces": "bearer     ",
    "sentences": "access token : Expired ",
    "accesses": "access     ",
    "schemes": "a://",
    "schemes and users": "a://a:",
    "schemes and colons": "a://a:a/",
    "schemes and passwords": "a://a:b@",
    "plus signs": "a+",
    "signed tokens": "eyJ",
    "signed tokens in a row": "-eyJa",
    "signed tokens and dots": "eyJa.",
    "signed tokens and a dot": "-eyJa.a",
    "platform tokens": "EAA",
    "platform tokens in a row": "EAA1 ",
    "cuts": "EAAa…",
    "commands": "with args beginning with:\n",
    "python's text": ", but encountered error '",
    "python's text and its end": ", but encountered error 'a'; found: ",
    "variables": "Variable '$a' has invalid value at ",
    "input objects": "OneOf Input Object 'a' must",
    "dates": "2026-03-01T00:00:00",
    "offsets": "+07:00",
    "exponents": "1e1",
    "versions": "v1.1",
    "ages": "18-24",
    "secret arguments": "token.1",
    "keys": "_key",
}


class Shape(NamedTuple):
    """A text of any size: pieces in a row between a beginning and an end."""

    piece: str
    begin: str = ""
    end: str = ""

    def __call__(self, size: int) -> str:
        return f"{self.begin}{self.piece * (size // len(self.piece))}{self.end}"


SHAPES = {
    **{name: Shape(piece) for name, piece in PIECES.items()},
    "one variable with a long name": Shape("a", begin="Variable '$"),
    "one word and spaces": Shape(" ", begin="token"),
    "one quotation without an end": Shape("a ", begin='token="'),
    "one number with a wrong end": Shape("1", end="x"),
    "one fraction with a wrong end": Shape("1", begin="1.", end="x"),
    "one secret argument with a wrong end": Shape("1", begin="token.", end="x"),
}


class Use(NamedTuple):
    """How the code applies a pattern."""

    pattern: str
    how: str


USES = (
    Use("app.observability.masking._SECRET_TEXT", "search"),
    Use("app.observability.masking._SIGNED_TOKEN", "search"),
    Use("app.observability.masking._SECRET_NAME", "search"),
    Use("app.observability.correlation._ACCEPTED", "fullmatch"),
    Use("app.cli.failures.failure_reason._NUMBERED", "search"),
    Use("app.configuration.encryption_keys._KEY_ID", "fullmatch"),
    Use("app.database.outage._STUCK", "search"),
    Use("app.metrics.money._NUMBER", "fullmatch"),
    Use("app.providers.meta.values.answer_json._doubtful", "search"),
    Use("app.providers.meta.values.answer_json._marks", "search"),
    Use("app.providers.meta.values.ids._is_id", "fullmatch"),
    Use("app.providers.meta.calls.installation_faults._indices", "search"),
    Use("app.providers.meta.calls.installation_faults._long_numbers", "search"),
    Use("app.providers.meta.calls.installation_faults._names_an_object", "search"),
    Use("app.providers.meta.calls.installation_faults._words", "search"),
    Use("app.providers.meta.values.numbers._is_number", "fullmatch"),
    Use("app.providers.meta.rows.plain_insights._are_cents", "fullmatch"),
    Use("app.providers.meta.rows.plain_insights._are_ratios", "fullmatch"),
    Use("app.providers.meta.walks.refusals._speaks_of_cursor", "search"),
    Use("app.providers.meta.walks.refusals._speaks_of_limit", "search"),
    Use("app.providers.meta.walks.refusals._speaks_of_page_size", "search"),
    Use("app.providers.meta.walks.refusals._speaks_of_size", "search"),
    Use("app.providers.sandbox.application._VERSION", "fullmatch"),
    Use("app.providers.sandbox.world.csv_rows._AGES", "fullmatch"),
    Use("app.providers.sandbox.answers.fields._ALIASED", "fullmatch"),
    Use("app.providers.sandbox.rules.legacy_features._ALIAS", "search"),
    Use("app.providers.sandbox.rules.versions._FORM", "fullmatch"),
    Use("app.serving.http.head_faults._HOST", "fullmatch"),
    Use("app.storable._lone_surrogates", "search"),
    Use("graphql_schema.entities.filters._CURRENCY", "fullmatch"),
    Use("graphql_schema.errors._SECRET_ARGUMENT", "search"),
    Use("graphql_schema.messages.faulty_argument.VARIABLE_FAULT", "match"),
    Use("graphql_schema.messages.faulty_argument._ONE_OF_FAULT", "match"),
    Use("graphql_schema.messages.faulty_argument._PLACE", "search"),
    Use("graphql_schema.types.scalars._DATE", "fullmatch"),
    Use("graphql_schema.types.scalars._DATE_TIME", "fullmatch"),
    Use("graphql_schema.types.scalars._DECIMAL", "fullmatch"),
)
# These read what is part of this project or of Strawberry, the page of GraphiQL and the SQL of the migrations, or what
# an operator sets.
OUR_OWN_TEXT = {
    "app.cli.diagnosis.migration_target._STEPS",
    *(f"app.configuration.secret_strength.{name}" for name in ("_BRACKETED", "_WORD", "_UNPRONOUNCEABLE")),
    *(f"app.http.graphiql.page.{name}" for name in ("_NAME", "_TAG", "_PLACE", "_SPACE")),
    *(f"app.database.migration_losses.{name}" for name in ("_DROPPED_TABLE", "_DROPPED_COLUMN", "_DELETED_FROM")),
}
CALLS = {f"re.{name}" for name in vars(re) if name != "escape"}
FUNCTIONS: tuple[Callable[[str], object], ...] = (
    mask_secrets,
    client_message,
    is_json_utf8,
    begin_correlation,
    lambda text: preferred_type(text, ("application/json", "text/html")),
    lambda text: read_global_id(text, "id"),
    lambda text: presentable(text, MESSAGE_CHARACTERS),
)


def _loaded(use: Use) -> re.Pattern[str]:
    module, _, name = use.pattern.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    pattern: re.Pattern[str] = getattr(value, "__self__", value)  # some modules keep a method of theirs
    return pattern


def _counted(pattern: re.Pattern[str], how: str, text: str) -> int:
    """The steps over the text, where our matcher finds the same as `re`."""
    matcher = PatternSteps(pattern, text)
    if how == "search":
        assert matcher.search() == [found.span() for found in pattern.finditer(text) if found[0]]
    else:
        found = getattr(pattern, how)(text)
        assert matcher.match(full=how == "fullmatch") == (found.end() if found else None)
    return matcher.steps


def _grows_too_fast(count: Callable[[str], int], shape: Callable[[int], str]) -> bool:
    return count(shape(2 * SIZE)) > GROWTH * count(shape(SIZE)) + FEW_STEPS


def test_every_pattern_is_known_here() -> None:
    found: set[str] = set()
    for folder in ("app", "graphql_schema", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found |= {f"{module}.{name}" for name in _names_of_patterns(ast.parse(path.read_text()))}
    assert found == {use.pattern for use in USES} | OUR_OWN_TEXT


def _names_of_patterns(module: ast.Module) -> Iterator[str]:
    """The constants that hold patterns; `line 12` for a pattern that has no name."""
    named = {
        call: target.id
        for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name)
        for call in ast.walk(statement.value)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
            yield named.get(node, f"line {node.lineno}")


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_takes_twice_the_steps(shape: str) -> None:
    fast = [use.pattern for use in USES if _grows_too_fast(_counter(_loaded(use), use.how), SHAPES[shape])]
    assert fast == []


def _counter(pattern: re.Pattern[str], how: str) -> Callable[[str], int]:
    return lambda text: _counted(pattern, how, text)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        (r"(?i)(?P<scheme>[a-z][a-z0-9+]*://[^\s:/@]*:)[^\s/]+(?=@)", "letters"),
        (r"(?i)\b(?-i:eyJ)[a-z0-9_-]+(?:\.[a-z0-9_-]*){2}", "signed tokens in a row"),
        (r"(?s), but encountered error '.*?'; found(?=: )", "python's text"),
        (r"token\s*\s*=", "one word and spaces"),
    ],
)
def test_the_count_finds_a_slow_pattern(pattern: str, shape: str) -> None:
    assert _grows_too_fast(_counter(re.compile(pattern), "search"), SHAPES[shape])


@pytest.mark.parametrize("shape", SHAPES)
def test_functions_run_twice_the_lines(shape: str) -> None:
    fast = [number for number, function in enumerate(FUNCTIONS) if _grows_too_fast(_lines(function), SHAPES[shape])]
    assert fast == []


def _lines(function: Callable[[str], object]) -> Callable[[str], int]:
    def count(text: str) -> int:
        lines = 0

        def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal lines
            lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            with suppress(PixecomError):
                function(text)
        finally:
            sys.settrace(before)
        return lines

    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_a_megabyte_comes_to_an_end(shape: str) -> None:
    text = SHAPES[shape](MEGABYTE)
    for function in FUNCTIONS:
        with suppress(PixecomError):
            function(text)
    assert len(client_message(text)) <= MESSAGE_CHARACTERS


def test_a_platforms_answer_of_a_megabyte_comes_to_an_end() -> None:
    credentials = Credentials(SecretStr("EAABx"), app_secret=None)
    assert len(credentials.without_secrets("token=EAABx " * 100_000)) <= MESSAGE_CHARACTERS
