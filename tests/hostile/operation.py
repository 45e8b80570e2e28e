"""What a hostile operation is: how it is made, who sends it, and what must come of it.

An operation is data; nothing is built before it is sent, as some are megabytes. A document may also be sent by
somebody without a token, who must be turned away sooner (`as_anonymous`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from app.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TOO_MUCH = frozenset({"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"})
LATER = frozenset({"RATE_LIMITED"})
NOT_THERE = frozenset({"NOT_FOUND"})
WHO = frozenset({"UNAUTHENTICATED"})
STALE = frozenset({"CURSOR_EXPIRED"})


class Sender(StrEnum):
    OWNER = "a member with a token"
    ANONYMOUS = "somebody without a token"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The most that an operation may cost, in what can be counted.

    Steps are calls of functions, Python's and C's: what the event loop is held for. A refusal's answer is short.
    """

    steps: int = 250_000
    statements: int = 12
    answer_bytes: int = 50_000
    refusal_bytes: int = 8_000
    log_characters: int = 1_000
    hashes: int = 0


@dataclass(frozen=True, kw_only=True)
class Expected:
    """`codes`: with which it may be refused. `answered`: whether it may be answered, without any error."""

    codes: frozenset[str]
    answered: bool
    bounds: Bounds = Bounds()


def refused(*codes: frozenset[str], **bounds: int) -> Expected:
    """Never answered; refused for what it is unless another code is named, with hardly a look into the database."""
    own = Bounds(**{"steps": 150_000, "statements": 3, **bounds})
    return Expected(codes=frozenset[str]().union(*(codes or (TOO_MUCH,))), answered=False, bounds=own)


def bounded(*codes: frozenset[str], **bounds: int) -> Expected:
    """Answered within the bounds, or refused."""
    return Expected(codes=frozenset[str]().union(TOO_MUCH, LATER, *codes), answered=True, bounds=Bounds(**bounds))


@dataclass(frozen=True, kw_only=True)
class Http:
    """One request. A path is sent as it stands; `chunks` are sent one after the other, without a length."""

    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    chunks: Sequence[bytes] = ()


@dataclass(frozen=True, kw_only=True)
class Messages:
    """What goes over one WebSocket after its handshake: texts, or bytes for a binary message."""

    frames: Sequence[str | bytes]
    greets: bool = True  # begins with a connection_init that has the sender's token


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Bytes that no client library would send, over one TCP connection; `pause` in seconds between the pieces.

    `ends`: the client closes its sending side behind them. `is_deaf`: it reads nothing before it has sent them all.
    """

    pieces: Sequence[bytes]
    pause: float = 0.0
    ends: bool = False
    is_deaf: bool = False


@dataclass(frozen=True, kw_only=True)
class Flood:
    """A request that many connections send again and again, each as soon as it has its answer.

    A connection that is closed is opened again at once. `source` is the address they come from.
    """

    request: Http
    connections: int = 100
    seconds: float = 12.0
    source: str = LOOPBACK


Request = Http | Messages | Wire | Flood


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`times`: how many of it are sent at once."""

    name: str
    kind: str
    make: Callable[[], Request]
    expected: Expected
    sender: Sender = Sender.OWNER
    times: int = 1

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"

    def made(self) -> Operation:
        """The same with its request at hand, so that making it is not taken for a cost."""
        request = self.make()
        return replace(self, make=lambda: request)


def http(query: str, variables: object = None, **more: Any) -> Http:
    """A document as a client posts it."""
    body = {"query": query, **({} if variables is None else {"variables": variables}), **more}
    return Http(headers={"Content-Type": "application/json"}, body=orjson.dumps(body))


def json_text(text: str | bytes, **headers: str) -> Http:
    """A body that is put together by hand."""
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return Http(headers={"Content-Type": "application/json", **headers}, body=body)


_TURNED_AWAY = Bounds(steps=30_000, statements=0, refusal_bytes=400, log_characters=500)


def as_anonymous(operation: Operation) -> Operation:
    """The same from somebody without a token, who must not cost more than the reading of a body."""
    expected = operation.expected
    turned_away = replace(expected, codes=expected.codes | WHO | TOO_MUCH | LATER)
    if operation.kind != "introspection":  # which is open where it is on
        turned_away = replace(turned_away, answered=False, bounds=_TURNED_AWAY)
    return replace(operation, name=f"{operation.name}, anonymous", sender=Sender.ANONYMOUS, expected=turned_away)
