"""Global ids and cursors that are forged, huge, deep or of another place."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import orjson

from tests.hostile.operation import STALE, Expected, Http, Operation, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable

UUID_TEXT = "019a0000-0000-7000-8000-000000000001"


def _encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode()
    return base64.b64encode(raw).decode()


def _node(id_: object) -> Http:
    return http("query ($id: ID!) { node(id: $id) { id } }", {"id": id_})


def _after(cursor: object, order: str = "NAME") -> Http:
    query = f"query ($after: String) {{ ads(after: $after, orderBy: {{field: {order}}}) {{ nodes {{ id }} }} }}"
    return http(query, {"after": cursor})


def _deep(depth: int) -> str:
    return _encoded("[" * depth + "]" * depth)


_IDS: list[tuple[str, Callable[[], object], Expected]] = [
    ("nothing", lambda: "", refused()),
    ("no base64", lambda: "%%%%", refused()),
    ("base64 of nothing", lambda: "====", refused()),
    ("no UTF-8", lambda: _encoded(b"\xff\xfe:" + UUID_TEXT.encode()), refused()),
    ("no type", lambda: _encoded(f":{UUID_TEXT}"), refused()),
    ("unknown type", lambda: _encoded(f"Secret:{UUID_TEXT}"), refused()),
    ("type of Python", lambda: _encoded(f"__class__:{UUID_TEXT}"), refused()),
    ("type that is no node", lambda: _encoded(f"Seller:{UUID_TEXT}"), refused()),
    ("no UUID", lambda: _encoded("Ad:1 OR 1=1"), refused()),
    ("UUID in capitals", lambda: _encoded(f"Ad:{UUID_TEXT.upper()}"), refused()),
    ("UUID in braces", lambda: _encoded(f"Ad:{{{UUID_TEXT}}}"), refused()),
    ("UUID as a URN", lambda: _encoded(f"Ad:urn:uuid:{UUID_TEXT}"), refused()),
    ("0.6 MB", lambda: _encoded("Ad:" + "0" * 600_000), refused()),
    ("number", lambda: 7, refused()),
    ("object", lambda: {"$ne": None}, refused()),
    ("list", lambda: ["Ad"], refused()),
    ("random one", lambda: _encoded(f"Ad:{UUID_TEXT}"), bounded()),
]
_CURSORS: list[tuple[str, Callable[[], object], Expected]] = [
    ("nothing", lambda: "", refused()),
    ("no base64", lambda: "\u2603", refused()),
    ("no JSON", lambda: _encoded("nonsense"), refused()),
    ("0.9 MB of nothing", lambda: "A" * 900_000, refused()),
    ("0.6 MB of JSON", lambda: _encoded(orjson.dumps(["x" * 600_000])), refused()),
    ("100,000 values", lambda: _encoded(orjson.dumps([1] * 100_000)), refused()),
    ("100 deep", lambda: _deep(100), refused()),
    ("200,000 deep", lambda: _deep(200_000), refused()),
    (
        "another list's shape",
        lambda: _encoded(orjson.dumps({"walk": UUID_TEXT, "place": 3})),
        refused(STALE, frozenset({"BAD_USER_INPUT"})),
    ),
    ("number of 5,000 digits", lambda: _encoded("[" + "9" * 5_000 + "]"), refused()),
    ("NaN", lambda: _encoded("[NaN]"), refused()),
    ("NUL", lambda: _encoded(orjson.dumps(["\x00", UUID_TEXT])), refused()),
    ("SQL", lambda: _encoded(orjson.dumps(["' OR 1=1 --", UUID_TEXT])), refused()),
]
OPERATIONS = [
    *(
        Operation(name=f"id: {name}", kind="identifiers", make=lambda value=value: _node(value()), expected=expected)
        for name, value, expected in _IDS
    ),
    *(
        Operation(
            name=f"cursor: {name}", kind="identifiers", make=lambda value=value: _after(value()), expected=expected
        )
        for name, value, expected in _CURSORS
    ),
    Operation(
        name="cursor of a pinned walk that nobody made",
        kind="identifiers",
        make=lambda: _after(_encoded(orjson.dumps([UUID_TEXT, 20])), "ROAS"),
        expected=refused(STALE, frozenset({"BAD_USER_INPUT"})),
    ),
    Operation(
        name="101 nodes",
        kind="identifiers",
        make=lambda: http(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [_encoded(f"Ad:{UUID_TEXT}")] * 101}
        ),
        expected=refused(),
    ),
    Operation(
        name="100 nodes that are one",
        kind="identifiers",
        make=lambda: http(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [_encoded(f"Ad:{UUID_TEXT}")] * 100}
        ),
        expected=bounded(),
    ),
]
