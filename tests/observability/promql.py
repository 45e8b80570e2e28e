"""As much of PromQL as our own expressions need: read by its grammar, down to the selectors and what is grouped by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

FUNCTIONS = frozenset(
    {"abs", "absent", "changes", "histogram_quantile", "increase", "min_over_time", "rate", "scalar", "time", "vector"}
)
AGGREGATIONS = frozenset({"count", "max", "min", "sum"})
OPERATORS = frozenset({"==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "and", "or", "unless"})
_TOKEN = re.compile(
    r"""(?x) \s* (?:
      (?P<name> [a-z_][a-z0-9_]* )
    | (?P<matchers> \{ [^{}]* \} )
    | (?P<range> \[ (?: \d+[smhd] | \$__rate_interval ) \] )
    | (?P<duration> \d+[smhd] )
    | (?P<number> \d+ (?: \.\d+ )? )
    | (?P<mark> == | != | >= | <= | [-+*/<>(),] )
    )"""
)
_MATCHER = re.compile(r'\s*(?P<label>[a-z_]+)\s*(?P<how>=~|!~|!=|=)\s*"(?P<value>[^"]*)"\s*')


class Selector(NamedTuple):
    """A metric's name, its matchers (label, how, value), whether it is over a time, and the function it is given to."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    is_ranged: bool
    function: str | None


@dataclass
class Expression:
    """The selectors of an expression, and all labels in its groupings."""

    selectors: list[Selector] = field(default_factory=list[Selector])
    grouped_by: set[str] = field(default_factory=set[str])


def read_promql(text: str) -> Expression:
    """Raises ValueError where it is not what PromQL could be."""
    reader = _Reader(text)
    reader.expression(function=None)
    if reader.kind:
        raise ValueError(f"ends before {reader.token!r}: {text}")
    return reader.found


class _Reader:
    """Looks one token ahead. `kind` is empty at the end."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text.strip(), 0
        self.found = Expression()
        self.kind, self.token = "", ""
        self._step()

    def _step(self) -> str:
        """Go on to the next token; answers the one that was there."""
        was = self.token
        if self._place == len(self._text):
            self.kind, self.token = "", ""
            return was
        match = _TOKEN.match(self._text, self._place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"can't be read from here: {self._text[self._place :]!r}")
        self._place, self.kind, self.token = match.end(), match.lastgroup, match[match.lastgroup]
        return was

    def _expect(self, *, kind: str = "", token: str = "") -> str:
        if (kind and self.kind != kind) or (token and self.token != token):
            raise ValueError(f"{kind or token} is missing before {self.token!r}: {self._text}")
        return self._step()

    def expression(self, *, function: str | None) -> None:
        self._operand(function=function)
        while self.token in OPERATORS:
            self._step()
            if self.token == "on":
                self._step()
                self._grouping()
            self._operand(function=function)

    def _operand(self, *, function: str | None) -> None:
        if self.kind == "number":
            self._step()
        elif self.token == "(":
            self._call(None)
        else:
            name = self._expect(kind="name")
            if name in AGGREGATIONS and self.token == "by":
                self._step()
                self._grouping()
            if name in AGGREGATIONS | FUNCTIONS:
                self._call(name)
            else:
                self._selector(name, function)

    def _call(self, function: str | None) -> None:
        self._expect(token="(")
        while self.token != ")":
            self.expression(function=function)
            if self.token != ")":
                self._expect(token=",")
        self._step()

    def _grouping(self) -> None:
        self._expect(token="(")
        while self.token != ")":
            self.found.grouped_by.add(self._expect(kind="name"))
            if self.token != ")":
                self._expect(token=",")
        self._step()

    def _selector(self, name: str, function: str | None) -> None:
        matchers = _matchers(self._step()) if self.kind == "matchers" else ()
        is_ranged = self.kind == "range"
        if is_ranged:
            self._step()
        if self.token == "offset":
            self._step()
            self._expect(kind="duration")
        self.found.selectors.append(Selector(name, matchers, is_ranged, function))


def _matchers(text: str) -> tuple[tuple[str, str, str], ...]:
    found = [_MATCHER.fullmatch(part) for part in text[1:-1].split(",")]
    if not all(found):
        raise ValueError(f"no matchers: {text!r}")
    return tuple((match["label"], match["how"], match["value"]) for match in found if match)
