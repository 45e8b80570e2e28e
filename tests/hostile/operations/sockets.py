"""What may be said over a WebSocket to no good end. `HTTP 4xx` is how a close code is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from tests.hostile.operation import LATER, NOT_THERE, Expected, Messages, Operation, bounded, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INIT = '{"type": "connection_init"}'
SYNCED = "subscription { statsSynced { level } }"
BAD = frozenset({"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"})


def closed(*codes: int) -> frozenset[str]:
    return frozenset(f"closed {code}" for code in codes)


def _subscribe(query: str, id_: str = "1") -> str:
    return orjson.dumps({"type": "subscribe", "id": id_, "payload": {"query": query}}).decode()


def _deep(depth: int) -> str:
    return (
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": {"a": '
        + "[" * depth
        + "]" * depth
        + "}}}"
    )


_MALFORMED = closed(4400, 4403, 1002, 1003, 1007, 1009)
_CASES: list[tuple[str, Callable[[], Sequence[str | bytes]], Expected, bool]] = [
    ("no JSON", lambda: ["nonsense"], refused(_MALFORMED), False),
    ("empty message", lambda: [""], refused(_MALFORMED), False),
    ("list", lambda: ["[]"], refused(_MALFORMED), False),
    ("binary message", lambda: [b"\x00\x01\x02"], refused(_MALFORMED), False),
    ("message of 0.9 MB", lambda: ["x" * 900_000], refused(_MALFORMED), False),
    ("arrays, 400,000 deep", lambda: ["[" * 400_000], refused(_MALFORMED), False),
    ("unknown type", lambda: ['{"type": "nonsense"}'], refused(_MALFORMED), False),
    ("type of 0.9 MB", lambda: ['{"type": "' + "x" * 900_000 + '"}'], refused(_MALFORMED), False),
    ("connection_init twice", lambda: [INIT], refused(closed(4429)), True),
    ("connection_init, 1,000", lambda: [INIT] * 1_000, refused(closed(4429)), True),
    ("connection_init without a token", lambda: [INIT], refused(closed(4403)), False),
    (
        "connection_init with a payload of 0.9 MB",
        lambda: ['{"type": "connection_init", "payload": {"a": "' + "x" * 900_000 + '"}}'],
        refused(closed(4403, 4400, 1009)),
        False,
    ),
    ("subscribe before connection_init", lambda: [_subscribe(SYNCED)], refused(closed(4401, 4403)), False),
    ("subscribe without an id", lambda: ['{"type": "subscribe", "payload": {}}'], refused(_MALFORMED), True),
    (
        "subscribe with an id of 0.9 MB",
        lambda: [_subscribe(SYNCED, "x" * 900_000)],
        refused(_MALFORMED),
        True,
    ),
    ("same id twice", lambda: [_subscribe(SYNCED)] * 2, refused(closed(4409)), True),
    (
        "21 subscriptions",
        lambda: [_subscribe(SYNCED, str(n)) for n in range(21)],
        refused(LATER, statements=40),
        True,
    ),
    (
        "1,000 subscriptions",
        lambda: [_subscribe(SYNCED, str(n)) for n in range(1_000)],
        refused(LATER, closed(4429), refusal_bytes=20_000),
        True,
    ),
    (
        "1,000 subscriptions that end at once",
        lambda: [
            text for n in range(500) for text in (_subscribe(SYNCED, str(n)), f'{{"type": "complete", "id": "{n}"}}')
        ],
        refused(closed(4429)),
        True,
    ),
    (
        "complete, 10,000",
        lambda: ['{"type": "complete", "id": "x"}'] * 10_000,
        refused(closed(4429)),
        True,
    ),
    ("ping, 10,000", lambda: ['{"type": "ping"}'] * 10_000, refused(closed(4429)), True),
    ("pong, 10,000", lambda: ['{"type": "pong"}'] * 10_000, refused(closed(4429)), True),
    (
        "ping with a payload of 0.9 MB",
        lambda: ['{"type": "ping", "payload": {"a": "' + "x" * 900_000 + '"}}'],
        bounded(_MALFORMED),
        True,
    ),
    ("query", lambda: [_subscribe("{ viewer { role } }")], refused(BAD), True),
    ("mutation", lambda: [_subscribe("mutation { enqueueSync { errors { code } } }")], refused(BAD), True),
    ("syntax error", lambda: [_subscribe("subscription {")], refused(BAD), True),
    (
        "two subscriptions in one",
        lambda: [_subscribe("subscription { a: statsSynced { level } b: statsSynced { level } }")],
        refused(BAD),
        True,
    ),
    (
        "subscription of 10,000 fields",
        lambda: [_subscribe("subscription { statsSynced { " + "level " * 10_000 + "} }")],
        refused(BAD),
        True,
    ),
    (
        "subscription of fragments in a circle",
        lambda: [_subscribe("subscription { ...A } fragment A on Subscription { ...A }")],
        refused(BAD),
        True,
    ),
    ("subscription of doubling fragments", lambda: [_subscribe(_doubling(14))], bounded(BAD), True),
    (
        "subscription of nested selections, 50,000",
        lambda: [_subscribe("subscription " + "{ statsSynced " * 50_000)],
        refused(BAD),
        True,
    ),
    (
        "progress of no run",
        lambda: [_subscribe('subscription { syncProgress(runId: "x") { percent } }')],
        refused(BAD, NOT_THERE),
        True,
    ),
    ("variables, 100,000 deep", lambda: [_deep(100_000)], refused(_MALFORMED, BAD), True),
    ("introspection", lambda: [_subscribe("{ __schema { types { name } } }")], refused(BAD), True),
]


def _doubling(levels: int) -> str:
    steps = [f"fragment F{n} on StatsSynced {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return " ".join(
        ["subscription { statsSynced { ...F0 } }", *steps, f"fragment F{levels} on StatsSynced {{ level }}"]
    )


OPERATIONS = [
    Operation(
        name=name,
        kind="sockets",
        make=lambda frames=frames, greets=greets: Messages(frames=frames(), greets=greets),
        expected=expected,
    )
    for name, frames, expected, greets in _CASES
]
