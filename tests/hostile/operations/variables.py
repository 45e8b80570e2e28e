"""Variables: too many, too deep, too wide, of no sensible value; and JSON that is a bomb itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tests.hostile.operation import Expected, Http, Operation, bounded, http, json_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable

ADS = "query ($first: Int, $filter: AdFilter) { ads(first: $first, filter: $filter) { totalCount } }"
ORDERED = "query ($by: [AdOrder!]) { ads(orderBy: $by) { totalCount } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def _declared(count: int) -> str:
    return "query (" + " ".join(f"$v{place}: Int" for place in range(count)) + ") { viewer { role } }"


def _used(count: int) -> str:
    declared = " ".join(f"$v{place}: ID!" for place in range(count))
    return f"query ({declared}) {{ nodes(ids: [{' '.join(f'$v{place}' for place in range(count))}]) {{ id }} }}"


def _undeclared(count: int) -> str:
    return "{ nodes(ids: [" + " ".join(f"$v{place}" for place in range(count)) + "]) { id } }"


def _deep(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


def _with(raw: str, query: str = ADS) -> Http:
    """Variables as JSON text, which may be no JSON at all."""
    return json_text(f'{{"query": {orjson.dumps(query).decode()}, "variables": {raw}}}')


def _number(text: str) -> Http:
    return _with(f'{{"first": {text}}}')


def _deep_filter(depth: int) -> Any:
    found: Any = {}
    for _ in range(depth):
        found = {"campaign": found}
    return found


_REQUESTS: list[tuple[str, Callable[[], Http], Expected]] = [
    ("declared and not used, 100", lambda: http(_declared(100)), refused()),
    ("declared and not used, 20,000", lambda: http(_declared(20_000)), refused()),
    ("used, 50", lambda: http(_used(50), {f"v{n}": "x" for n in range(50)}), refused()),
    ("used, 20,000", lambda: http(_used(20_000), {f"v{n}": "x" for n in range(20_000)}), refused()),
    ("used and not declared, 20,000", lambda: http(_undeclared(20_000)), refused()),
    ("declared twice, 5,000", lambda: http("query (" + "$v: Int " * 5_000 + ") { viewer { role } }"), refused()),
    ("sent and not declared, 50,000", lambda: http(ADS, {f"v{n}": n for n in range(50_000)}), refused()),
    ("list in lists, 100 deep", lambda: _with(f'{{"filter": {_deep(100)}}}'), refused()),
    ("list in lists, 1,000 deep", lambda: _with(f'{{"filter": {_deep(1_000)}}}'), refused()),
    ("list in lists, 400,000 deep", lambda: _with(f'{{"filter": {_deep(400_000)}}}'), refused()),
    ("object in objects, 200 deep", lambda: http(ADS, {"filter": _deep_filter(200)}), refused()),
    ("object in objects, 100,000 deep", lambda: _with('{"a":' * 100_000 + "1" + "}" * 100_000), refused()),
    ("object with 50,000 fields", lambda: http(ADS, {"filter": {f"f{n}": n for n in range(50_000)}}), refused()),
    (
        "50,000 wrong fields nested",
        lambda: http(ADS, {"filter": {"campaign": dict.fromkeys(map(str, range(50_000)))}}),
        refused(),
    ),
    ("list of 100,000 ids", lambda: http(NODES, {"ids": ["x"] * 100_000}), refused()),
    ("list of 100,000 wrong values", lambda: http(NODES, {"ids": [None] * 100_000}), refused()),
    (
        "list of 1,500 objects for ids of another type",
        lambda: http(
            "query ($ids: [ID!]) { nodes(ids: $ids) { id } }", {"ids": [{f"k{n}": [1, 2, 3]} for n in range(1500)]}
        ),
        refused(steps=20_000, statements=0),
    ),
    (
        "200 values similar to an enum's",
        lambda: http(ORDERED, {"by": [{"field": "COST_PER_PURCHASS"}] * 200}),
        refused(steps=75_000),
    ),
    ("string of 0.9 MB as an id", lambda: http(NODES, {"ids": ["x" * 900_000]}), refused()),
    ("string of 0.9 MB as a number", lambda: http(ADS, {"first": "x" * 900_000}), refused()),
    ("number for an id", lambda: _with('{"ids": [' + "9" * 5_000 + "]}", NODES), refused()),
    ("variables that are a list", lambda: _with("[1, 2, 3]"), refused()),
    ("variables that are a text", lambda: _with('"first"'), refused()),
    ("NaN", lambda: _number("NaN"), refused()),
    ("Infinity", lambda: _number("Infinity"), refused()),
    ("1e999", lambda: _number("1e999"), refused()),
    ("-1", lambda: _number("-1"), refused()),
    ("0", lambda: _number("0"), refused()),
    ("-0", lambda: _number("-0"), refused()),
    ("1.5", lambda: _number("1.5"), refused()),
    ("101", lambda: _number("101"), refused()),
    ("2^31", lambda: _number(str(2**31)), refused()),
    ("2^63", lambda: _number(str(2**63)), refused()),
    ("2^64", lambda: _number(str(2**64)), refused()),
    ("5,000 digits", lambda: _number("9" * 5_000), refused()),
    ("true for a number", lambda: _number("true"), refused()),
    ("duplicate keys", lambda: _with('{"first": 1, "first": 2}'), bounded()),
    ("100,000 duplicate keys", lambda: _with("{" + '"first": 1,' * 80_000 + '"first": 2}'), bounded()),
    (
        "duplicate query keys",
        lambda: json_text('{"query": "{ __typename }", "query": "{ viewer { role } }"}'),
        bounded(),
    ),
]
OPERATIONS = [
    Operation(name=name, kind="variables", make=make, expected=expected) for name, make, expected in _REQUESTS
]
