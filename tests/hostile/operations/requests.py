"""HTTP requests that are no GraphQL requests, or are more than one: bodies, media types, methods, paths, headers."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from tests.hostile.operation import NOT_THERE, WHO, Expected, Http, Operation, bounded, http, json_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROLE = b'{"query": "{ viewer { role } }"}'
BAD = frozenset({"BAD_USER_INPUT"})
# Answers without a body of GraphQL's: a path that is not there, a method that is not allowed.
PLAIN = frozenset({"HTTP 404", "HTTP 405"})


def _body(body: bytes, **headers: str) -> Http:
    return json_text(body, **headers)


def _typed(media_type: str, body: bytes = ROLE) -> Http:
    return Http(headers={"Content-Type": media_type}, body=body)


def _get(parameters: Mapping[str, str] | str, **headers: str) -> Http:
    query = parameters if isinstance(parameters, str) else urlencode(parameters)
    return Http(method="GET", path=f"/graphql?{query}", headers=headers)


def _path(path: str, method: str = "GET") -> Http:
    return Http(method=method, path=path)


def _multipart() -> Http:
    fields = b'--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + ROLE + b"\r\n--b--"
    return _typed("multipart/form-data; boundary=b", fields)


def _export(body: bytes, file: str = "ads.csv") -> Http:
    return Http(path=f"/export/{file}", headers={"Content-Type": "application/json"}, body=body)


_REQUESTS: list[tuple[str, Callable[[], Http], Expected]] = [
    ("empty body", lambda: _body(b""), refused(BAD)),
    ("no JSON", lambda: _body(b"{ viewer { role } }"), refused(BAD)),
    ("null", lambda: _body(b"null"), refused(BAD)),
    ("number", lambda: _body(b"7"), refused(BAD)),
    ("no query", lambda: _body(b"{}"), refused(BAD)),
    ("query of blanks", lambda: _body(b'{"query": "   "}'), refused(BAD)),
    ("query that is a list", lambda: _body(b'{"query": ["{ viewer { role } }"]}'), refused(BAD)),
    ("batch of 2", lambda: _body(b"[" + ROLE + b"," + ROLE + b"]"), refused(BAD)),
    ("batch of 20,000", lambda: _body(b"[" + b",".join([ROLE] * 20_000) + b"]"), refused(BAD)),
    ("arrays, 400,000 deep", lambda: _body(b"[" * 400_000), refused(BAD)),
    ("arrays that end, 400,000 deep", lambda: _body(b"[" * 400_000 + b"]" * 400_000), refused(BAD)),
    ("objects, 100,000 deep", lambda: _body(b'{"a":' * 100_000), refused(BAD)),
    (
        "extensions, 100 deep",
        lambda: _body(b'{"query": "{ __typename }", "extensions": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}"),
        bounded(),
    ),
    ("body of 1.1 MB", lambda: _body(b" " * 1_100_000), refused(BAD)),
    ("body of 15 MB", lambda: _body(b" " * 15_000_000), refused(BAD)),
    ("body of 40 MB", lambda: _body(b" " * 40_000_000), refused(BAD)),
    (
        "chunks of one byte",
        lambda: Http(headers={"Content-Type": "application/json"}, chunks=[bytes([byte]) for byte in ROLE]),
        bounded(),
    ),
    (
        "2,000 empty chunks",
        lambda: Http(headers={"Content-Type": "application/json"}, chunks=[*([b""] * 2_000), ROLE]),
        bounded(),
    ),
    (
        "chunks of 20 MB",
        lambda: Http(headers={"Content-Type": "application/json"}, chunks=[b" " * 100_000] * 200),
        refused(BAD),
    ),
    ("gzip", lambda: _body(gzip.compress(ROLE), **{"Content-Encoding": "gzip"}), refused(BAD)),
    ("bomb of gzip", lambda: _body(gzip.compress(b" " * 50_000_000), **{"Content-Encoding": "gzip"}), refused(BAD)),
    (
        "bomb of deflate",
        lambda: _body(zlib.compress(b" " * 50_000_000), **{"Content-Encoding": "deflate"}),
        refused(BAD),
    ),
    ("gzip that is not said", lambda: _body(gzip.compress(b" " * 50_000_000)), refused(BAD)),
    ("brotli", lambda: _body(b"\x00" * 100, **{"Content-Encoding": "br"}), refused(BAD)),
    ("encodings in a row", lambda: _body(ROLE, **{"Content-Encoding": "gzip, " * 1_000}), refused(BAD)),
    ("no content type", lambda: Http(body=ROLE), refused(BAD)),
    ("text/plain", lambda: _typed("text/plain"), refused(BAD)),
    ("application/graphql", lambda: _typed("application/graphql", b"{ viewer { role } }"), refused(BAD)),
    ("form", lambda: _typed("application/x-www-form-urlencoded", b"query=%7B__typename%7D"), refused(BAD)),
    ("multipart", _multipart, refused(BAD)),
    ("content type of 60,000 characters", lambda: _typed("application/json; " + "a=b; " * 12_000), bounded()),
    ("content type in another charset", lambda: _typed("application/json; charset=utf-16"), refused(BAD)),
    (
        "Accept of 10,000 ranges",
        lambda: _body(ROLE, Accept=", ".join(["text/x;q=0.1"] * 10_000)),
        refused(BAD, steps=300_000),
    ),
    ("Accept of one long range", lambda: _body(ROLE, Accept="a" * 60_000), refused(BAD)),
    ("Accept that wants HTML", lambda: _body(ROLE, Accept="text/html"), refused(BAD)),
    ("request id of 60,000 characters", lambda: _body(ROLE, **{"X-Request-ID": "x" * 60_000}), bounded()),
    ("request id with line feeds", lambda: _body(ROLE, **{"X-Request-ID": "x\\r\\nSet-Cookie: a=b"}), bounded()),
    ("operation name of 0.9 MB", lambda: http("query a { viewer { role } }", operationName="x" * 900_000), refused()),
    ("operation name that is not there", lambda: http("query a { viewer { role } }", operationName="b"), refused()),
    ("GET of a long document", lambda: _get({"query": "{ viewer { " + "role " * 12_000 + "} }"}), refused()),
    (
        "GET of 5,000 parameters",
        lambda: _get("&".join(f"p{n}=1" for n in range(5_000)) + "&query=%7B__typename%7D"),
        bounded(),
    ),
    ("GET of a parameter twice", lambda: _get("query=%7B__typename%7D&query=%7B__typename%7D"), refused(BAD)),
    ("GET of a mutation", lambda: _get({"query": "mutation { enqueueSync { errors { code } } }"}), refused(BAD)),
    ("GET of a subscription", lambda: _get({"query": "subscription { statsSynced { level } }"}), refused(BAD)),
    ("GET of deep variables", lambda: _get({"query": "{ __typename }", "variables": "[" * 20_000}), refused(BAD)),
    ("GET of percent signs", lambda: _get("query=" + "%" * 60_000), refused(steps=200_000)),
    (
        "GET from another site",
        lambda: _get({"query": "{ viewer { role } }"}, **{"Sec-Fetch-Site": "cross-site"}),
        refused(frozenset({"FORBIDDEN"})),
    ),
    ("POST of a subscription", lambda: http("subscription { statsSynced { level } }"), refused(BAD)),
    *(
        (f"method {method}", lambda method=method: Http(method=method, body=ROLE), refused(BAD, PLAIN))
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE", "A" * 50)
    ),
    ("path of 60,000 characters", lambda: _path("/" + "a" * 60_000), refused(PLAIN)),
    ("path of 30,000 slashes", lambda: _path("/" * 30_000), refused(PLAIN)),
    ("path of tokens", lambda: _path("/" + quote("token: ") * 4_000), refused(PLAIN)),
    ("path of an address", lambda: _path("/" + "a" * 50_000 + "://x"), refused(PLAIN)),
    ("path of percent signs", lambda: _path("/%" * 20_000), refused(PLAIN)),
    ("path of escaped line feeds", lambda: _path("/%0d%0aSet-Cookie:%20a=b"), refused(PLAIN)),
    ("path of dots", lambda: _path("/graphql/assets/" + "../" * 20 + "etc/passwd"), refused(PLAIN)),
    ("path of escaped dots", lambda: _path("/graphql/assets/" + "%2e%2e%2f" * 20 + "etc/passwd"), refused(PLAIN)),
    ("path of backslashes", lambda: _path("/graphql/assets/" + "..\\" * 20 + "etc\\passwd"), refused(PLAIN)),
    ("path with NUL", lambda: _path("/graphql/assets/graphiql%00.js"), refused(PLAIN)),
    ("path to our own file", lambda: _path("/graphql/page/../graphiql.py"), refused(PLAIN)),
    ("absolute path in an asset", lambda: _path("/graphql/assets//etc/passwd"), refused(PLAIN)),
    ("cron without a secret", lambda: _path("/cron/stats", "POST"), refused(WHO)),
    (
        "cron with a long secret",
        lambda: Http(path="/cron/stats", headers={"Authorization": "Bearer " + "x" * 60_000}),
        refused(WHO),
    ),
    ("cron of a long name", lambda: _path("/cron/" + "a" * 60_000, "POST"), refused(WHO)),
    ("export of nothing there", lambda: _export(b"{}", "sellers.csv"), refused(NOT_THERE)),
    ("export of a long name", lambda: _export(b"{}", "a" * 60_000), refused(NOT_THERE)),
    ("export out of its folder", lambda: _export(b"{}", "..%2f..%2fads.csv"), refused(NOT_THERE, PLAIN)),
    ("export of unknown arguments", lambda: _export(b'{"first": 1}'), refused(BAD)),
    (
        "export of 50,000 unknown arguments",
        lambda: _export(b"{" + b",".join(b'"a%d":1' % n for n in range(50_000)) + b"}"),
        refused(BAD),
    ),
    ("export of deep arguments", lambda: _export(b'{"filter":' * 100_000), refused(BAD)),
    ("export by GET", lambda: _path("/export/ads.csv"), refused(BAD)),
    (
        "export by day of a lifetime",
        lambda: _export(b'{"range": {"preset": "LIFETIME"}, "granularity": "DAY"}'),
        bounded(statements=100),
    ),
]
OPERATIONS = [Operation(name=name, kind="requests", make=make, expected=expected) for name, make, expected in _REQUESTS]
