"""Whole answers that are bad: errors, pages of HTML, bodies that are cut, empty or odd, and answers that never come."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from tests.spoilt.items import answered
from tests.spoilt.json_places import STRANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

# Codes with which Meta refuses a token, a permission, or any more calls.
_STOPPING: Sequence[object] = (102, 190, 3, 10, *range(200, 300), 4, 17, 32, 341, 613, *range(80000, 80015))
_CODES: Sequence[object] = (
    *(1, 2, 99, 100, 368, 2500, 2601, 2635, 3018, 99999, -1, -2, 960, 104, 0, 5000),
    *(4, 17, 32, 613, 80000, 80004, 102, 190, 10, 200, 294),
    *("100", "x", None, 1.5, {}, [], True, 10**30),
)
_SUBCODES: Sequence[object] = (
    *(None, None, 33, 99, 463, 1487534, 1504018, 1504038, 2446289, 2446079),
    *("33", {}, -1),
)
_STATUSES = (200, 200, 400, 400, 401, 403, 404, 429, 500, 502, 503)
HTML = "<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>"
_BODIES: Sequence[object] = (
    *({}, [], None, "x", 5, {"data": None}, {"error": None}, {"success": True}),
    *([None], {"data": {}}),
)


class BadAnswer(NamedTuple):
    """`is_believed`: it may be taken for a right answer. `stops`: the account as such is refused, or asked to wait."""

    deed: str
    make: Callable[[httpx.Response], httpx.Response]
    is_error: bool = False
    is_believed: bool = False
    stops: bool = False


def draw_answer(random: Random, token: str) -> BadAnswer:
    """`make` answers for the right answer, or raises httpx's error; errors tell the token."""
    errors = [partial(_error, token=token)] * 3
    draw: Callable[[Random], BadAnswer] = random.choice((*errors, _html, _cut, _empty, _odd, _never, _error_shape))
    return draw(random)


def _error(random: Random, token: str) -> BadAnswer:
    code, subcode, status = random.choice(_CODES), random.choice(_SUBCODES), random.choice(_STATUSES)
    error: dict[str, object] = {
        "message": f"(#{code}) The session of {token} has expired",
        "code": code,
        "error_subcode": subcode,
        "is_transient": random.random() < 0.2,
        "fbtrace_id": "A1",
    }
    return BadAnswer(
        f"error HTTP {status} {code}/{subcode}",
        _always({"error": error}, status),
        is_error=True,
        stops=code in _STOPPING or status == HTTPStatus.TOO_MANY_REQUESTS.value,
    )


def _error_shape(random: Random) -> BadAnswer:
    error, status = random.choice(STRANGE), random.choice((200, 400, 500))

    def make(response: httpx.Response) -> httpx.Response:
        right: dict[str, Any] = response.json() if status == HTTPStatus.OK.value else {}
        return answered({**right, "error": error}, status)

    return BadAnswer(f"error_shape HTTP {status} {error!r:.100}", make, is_believed=status == HTTPStatus.OK.value)


def _html(random: Random) -> BadAnswer:
    status = random.choice((200, 302, 403, 502, 504))

    def make(_: httpx.Response) -> httpx.Response:
        return httpx.Response(status, text=HTML, headers={"location": "http://127.0.0.1:1/"})

    return BadAnswer(f"html HTTP {status}", make)


def _cut(random: Random) -> BadAnswer:
    part = random.random()

    def make(response: httpx.Response) -> httpx.Response:
        return httpx.Response(200, content=response.content[: int(len(response.content) * part)])

    return BadAnswer(f"cut at {part:.2f}", make)


def _empty(random: Random) -> BadAnswer:
    status = random.choice((200, 204, 400, 500, 503))

    def make(_: httpx.Response) -> httpx.Response:
        return httpx.Response(status)

    return BadAnswer(f"empty HTTP {status}", make)


def _odd(random: Random) -> BadAnswer:
    body = random.choice(_BODIES)
    return BadAnswer(f"odd {body!r}", _always(body), is_believed=isinstance(body, dict))


def _never(random: Random) -> BadAnswer:
    error = random.choice((httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError))

    def fail(_: httpx.Response) -> httpx.Response:
        message = "spoilt"
        raise error(message)

    return BadAnswer(f"never {error.__name__}", fail)


def _always(body: object, status: int = 200) -> Callable[[httpx.Response], httpx.Response]:
    return lambda _: answered(body, status)
