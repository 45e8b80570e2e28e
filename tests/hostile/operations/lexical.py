"""Texts that only a lexer sees: long names and literals, comments, floods, odd characters. All have anonymous twins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.operation import Expected, Operation, bounded, http, json_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 900_000  # just below the largest body
ROLE = "{ viewer { role } }"

_DOCUMENTS: list[tuple[str, Callable[[], str], Expected]] = [
    ("field with a long name", lambda: "{ " + "a" * LONG + " }", refused()),
    ("field with a name of 10,000 characters", lambda: "{ " + "a" * 10_000 + " }", refused()),
    ("long alias", lambda: "{ " + "a" * LONG + ": viewer { role } }", refused()),
    ("long operation name", lambda: "query " + "a" * LONG + " " + ROLE, refused()),
    ("long fragment name", lambda: "{ viewer { ..." + "a" * LONG + " } }", refused()),
    ("long variable name", lambda: "query ($" + "a" * LONG + ": Int) { viewer { role } }", refused()),
    ("long directive name", lambda: "{ viewer @" + "a" * LONG + " { role } }", refused()),
    ("long type name", lambda: "query ($a: " + "A" * LONG + ") { viewer { role } }", refused()),
    ("long argument name", lambda: "{ ads(" + "a" * LONG + ": 1) { totalCount } }", refused()),
    ("long enum value", lambda: "{ ads(range: {preset: " + "A" * LONG + "}) { totalCount } }", refused()),
    ("long string", lambda: '{ node(id: "' + "x" * LONG + '") { id } }', refused()),
    ("string of escapes", lambda: '{ node(id: "' + r"\u0041" * (LONG // 6) + '") { id } }', refused()),
    ("string that never ends", lambda: '{ node(id: "' + "x" * LONG, refused()),
    ("block string", lambda: '{ node(id: """' + "x\n" * (LONG // 2) + '""") { id } }', refused()),
    (
        "block string of indents",
        lambda: '{ node(id: """' + ("\n" + " " * 50) * (LONG // 51) + '""") { id } }',
        refused(),
    ),
    ("block string that never ends", lambda: '{ node(id: """' + "x\n" * (LONG // 2), refused()),
    ("integer of many digits", lambda: "{ ads(first: " + "9" * LONG + ") { totalCount } }", refused()),
    ("integer of 5,000 digits", lambda: "{ ads(first: " + "9" * 5_000 + ") { totalCount } }", refused()),
    ("negative integer of 5,000 digits", lambda: "{ ads(first: -" + "9" * 5_000 + ") { totalCount } }", refused()),
    ("float of many digits", lambda: "{ ads(first: 1." + "9" * LONG + ") { totalCount } }", refused()),
    ("float with a huge exponent", lambda: "{ ads(first: 1e999999999) { totalCount } }", refused()),
    ("number as an id", lambda: "{ node(id: " + "9" * 5_000 + ") { id } }", refused()),
    ("list of integers", lambda: "{ nodes(ids: [" + "1 " * (LONG // 2) + "]) { id } }", refused()),
    ("list of strings", lambda: "{ nodes(ids: [" + '"x" ' * (LONG // 4) + "]) { id } }", refused()),
    ("list of nulls", lambda: "{ nodes(ids: [" + "null " * (LONG // 5) + "]) { id } }", refused()),
    ("object with many fields", lambda: "{ ads(filter: {" + _fields(60_000) + "}) { totalCount } }", refused()),
    (
        "object with one field many times",
        lambda: "{ ads(filter: {" + "name: 1 " * 90_000 + "}) { totalCount } }",
        refused(),
    ),
    ("comment of 0.9 MB", lambda: "#" + "x" * LONG + "\n" + ROLE, refused()),
    ("empty comments", lambda: "#\n" * (LONG // 2) + ROLE, refused()),
    ("comment that never ends", lambda: "#" + "x" * LONG, refused()),
    ("commas", lambda: "," * LONG + ROLE, refused()),
    ("spaces", lambda: " " * LONG + ROLE, refused()),
    ("line feeds", lambda: "\n" * LONG + ROLE, refused()),
    ("carriage returns", lambda: "\r" * LONG + ROLE, refused()),
    ("tabs and commas between all", lambda: "{\t,viewer,\t{," + "\t,\n" * (LONG // 3) + "role}}", refused()),
    ("byte order marks", lambda: "\ufeff" * (LONG // 3) + ROLE, refused()),
    ("byte order mark", lambda: "\ufeff" + ROLE, bounded()),
    ("right-to-left marks", lambda: "{ \u202e viewer { role } }", refused()),
    ("names in another script", lambda: "{ просмотр { роль } }", refused()),
    ("NUL in a document", lambda: "{ viewer { role \x00 } }", refused()),
    ("NUL in a string", lambda: r'{ node(id: "\u0000") { id } }', refused()),
    ("NULs in a search", lambda: r'{ ads(filter: {name: "a\u0000b"}) { totalCount } }', refused()),
    ("control characters", lambda: "{ viewer { role \x07\x1b[31m } }", refused()),
    ("lone surrogate escape", lambda: r'{ ads(filter: {name: "\uD800"}) { totalCount } }', refused()),
    ("surrogate pair escape", lambda: r'{ ads(filter: {name: "\uD83D\uDE00"}) { totalCount } }', bounded()),
    ("code point out of range", lambda: r'{ ads(filter: {name: "\u{110000}"}) { totalCount } }', refused()),
    ("escape of many zeros", lambda: r'{ node(id: "\u{' + "0" * LONG + r'41}") { id } }', refused()),
    ("emoji in a search", lambda: '{ ads(filter: {name: "' + "👩‍👩‍👧‍👦" * 14 + '"}) { totalCount } }', bounded()),
    ("combining characters", lambda: '{ ads(filter: {name: "e' + "\u0301" * 99 + '"}) { totalCount } }', bounded()),
    ("braces only", lambda: "{" * LONG, refused()),
    ("closing braces only", lambda: "}" * LONG, refused()),
    ("dots only", lambda: "." * LONG, refused()),
    ("dollars only", lambda: "$" * LONG, refused()),
    ("quotes only", lambda: '"' * LONG, refused()),
    ("backslashes in a string", lambda: '{ node(id: "' + "\\\\" * (LONG // 2) + '") { id } }', refused()),
    ("secrets to be masked", lambda: "{ " + "token: " * (LONG // 7) + "}", refused()),
    ("bearers to be masked", lambda: '{ node(id: "' + "bearer " * (LONG // 7) + '") { id } }', refused()),
    ("addresses to be masked", lambda: '{ node(id: "' + "a" * LONG + '://x") { id } }', refused()),
]


def _fields(count: int) -> str:
    return " ".join(f"nothing{place}: 1" for place in range(count))


def _in_encoding(encoding: str) -> bytes:
    return f'{{"query": "{ROLE}"}}'.encode(encoding)


OPERATIONS = [
    *(
        Operation(name=name, kind="lexical", make=lambda document=document: http(document()), expected=expected)
        for name, document, expected in _DOCUMENTS
    ),
    *(
        Operation(
            name=f"body in {encoding}",
            kind="lexical",
            make=lambda encoding=encoding: json_text(_in_encoding(encoding)),
            expected=bounded() if encoding == "utf-8-sig" else refused(),
        )
        for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-7", "cp037")
        if encoding != "utf-7"
    ),
    Operation(
        name="bytes that are no UTF-8",
        kind="lexical",
        make=lambda: json_text(b'{"query": "{ viewer { role } } #\xff\xfe\xc0\x80"}'),
        expected=refused(),
    ),
    Operation(
        name="lone surrogate in UTF-8",
        kind="lexical",
        make=lambda: json_text('{"query": "{ viewer { role } } #\ud800"}'),
        expected=refused(),
    ),
    Operation(
        name="lone surrogate as an escape of JSON",
        kind="lexical",
        make=lambda: json_text(r'{"query": "{ viewer { role } } #\ud800"}'),
        expected=refused(),
    ),
]
