"""Floods: a hundred connections that send the same again as soon as they have an answer, for some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from tests.hostile.operation import LATER, WHO, Flood, Http, Operation, Sender, bounded, http, json_text
from tests.hostile.operations.crowds import login

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.operation import Expected

CHEAP = "{ viewer { role } }"
LARGE_BYTES = 390_000  # just below the largest body
LARGE = frozenset({"BAD_USER_INPUT"})


def _forged() -> Http:
    token = jwt.encode({"iss": "pixecom", "aud": "pixecom-api", "role": "OWNER"}, "guess" * 10, algorithm="HS256")
    request = http(CHEAP)
    return Http(headers={**request.headers, "Authorization": f"Bearer {token}"}, body=request.body)


_LARGE_BODIES: list[tuple[str, Callable[[], Http]]] = [
    ("string", lambda: json_text('{"query": "' + "x" * LARGE_BYTES + '"}')),
    ("number", lambda: json_text('{"query": "{ a(b: ' + "9" * LARGE_BYTES + ') }"}')),
    ("variable", lambda: http(CHEAP, {"a": "x" * LARGE_BYTES})),
]


def _refused() -> Http:
    """Refused for its variable's type, whatever the variable is."""
    return http("query ($ids: [ID!]) { nodes(ids: $ids) { id } }", {"ids": [{f"k{n}": [1, 2, 3]} for n in range(1500)]})


def _newcomers() -> Flood:
    """More than there are places, each back as soon as it is refused. Those of the same address share its lot."""
    return Flood(request=http("{ __typename }"), connections=1_500, source="127.0.0.2")


def _flood(
    name: str,
    make: Callable[[], Http],
    expected: Expected | None = None,
    sender: Sender = Sender.ANONYMOUS,
    connections: int = 100,
) -> Operation:
    return Operation(
        name=name,
        kind="floods",
        make=lambda: Flood(request=make(), connections=connections),
        expected=expected or bounded(LATER),
        sender=sender,
    )


OPERATIONS = [
    _flood("typename", lambda: http("{ __typename }")),
    _flood("paths that there are not", lambda: Http(method="GET", path="/nothing"), bounded(frozenset({"HTTP 404"}))),
    _flood("forged tokens", _forged, bounded(WHO)),
    _flood("wrong logins", login, bounded(WHO)),
    _flood("livez", lambda: Http(method="GET", path="/livez")),
    _flood("cheap operations of one user", lambda: http(CHEAP), sender=Sender.OWNER),
    _flood("a refused document of one user", _refused, bounded(LATER), Sender.OWNER, connections=20),
    *(
        _flood(f"large bodies of one {what}", make, bounded(LARGE), Sender.OWNER, connections=10)
        for what, make in _LARGE_BODIES
    ),
    _flood(
        "chunks of one byte",
        lambda: Http(headers={"Content-Type": "application/json"}, chunks=[b" "] * 15_000),
        bounded(frozenset({"HTTP 400"})),
        connections=20,
    ),
    Operation(
        name="newcomers without a place",
        kind="floods",
        make=_newcomers,
        expected=bounded(LATER, frozenset({"HTTP 503"})),
        sender=Sender.ANONYMOUS,
    ),
]
