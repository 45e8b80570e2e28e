"""Counts the steps of matching a regular expression: a backtracking matcher over what `re` itself parsed.

It tries what CPython's matcher tries, in the same order, without its shortcuts, so that a pattern that makes that one
slow takes many steps here. Tests compare what it finds with what `re` finds.
"""

# The parser of `re` is private and has no types:
# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportAttributeAccessIssue=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import re._constants as code
import sys
from re import _parser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    Then = Callable[[int], int | None]

_SINGLE = {code.LITERAL, code.NOT_LITERAL, code.ANY, code.IN}
_FLAGS = {"i": _parser.SRE_FLAG_IGNORECASE, "s": _parser.SRE_FLAG_DOTALL, "a": _parser.SRE_FLAG_ASCII}
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    code.CATEGORY_DIGIT: str.isdecimal,
    code.CATEGORY_SPACE: str.isspace,
    code.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
_DEPTH = 100_000


class PatternSteps:
    """One pattern over one text; `steps` grows with every character or part of the pattern that is looked at."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._parsed = _parser.parse(pattern.pattern, pattern.flags & ~_parser.SRE_FLAG_UNICODE)
        self._flags: int = self._parsed.state.flags
        self._text = text
        self._groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def search(self) -> list[tuple[int, int]]:
        """The spans that `finditer` gives."""
        found: list[tuple[int, int]] = []
        start = 0
        while start <= len(self._text):
            end = self.match(start)
            if end is not None and end > start:
                found.append((start, end))
            start = end if end is not None and end > start else start + 1
        return found

    def match(self, start: int = 0, *, full: bool = False) -> int | None:
        """The end of the match at `start`; None where there is none."""
        self._groups = {}
        old = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEPTH)
        try:
            return self._run(list(self._parsed), start, lambda end: None if full and end < len(self._text) else end)
        finally:
            sys.setrecursionlimit(old)

    def _run(self, ops: Sequence[Any], at: int, then: Then) -> int | None:
        if not ops:
            return then(at)
        self.steps += 1
        (op, argument), rest = ops[0], ops[1:]
        if op in _SINGLE:
            return self._run(rest, at + 1, then) if self._fits(op, argument, at) else None
        return getattr(self, f"_{str(op).lower()}")(argument, at, lambda end: self._run(rest, end, then))

    def _fits(self, op: Any, argument: Any, at: int) -> bool:
        self.steps += 1
        if at >= len(self._text):
            return False
        char = self._text[at]
        if op == code.ANY:
            return char != "\n" or bool(self._flags & _FLAGS["s"])
        if op == code.IN:
            return self._is_in(argument, char)
        return self._is(argument, char) == (op == code.LITERAL)

    def _is(self, literal: int, char: str) -> bool:
        if self._flags & _FLAGS["i"]:
            return chr(literal).lower() == char.lower()
        return chr(literal) == char

    def _is_in(self, items: Sequence[Any], char: str) -> bool:
        negated = items[0][0] == code.NEGATE
        chars = {char, char.lower(), char.upper()} if self._flags & _FLAGS["i"] else {char}
        return any(self._is_item(op, argument, chars, char) for op, argument in items[negated:]) != negated

    def _is_item(self, op: Any, argument: Any, chars: set[str], char: str) -> bool:
        if op == code.CATEGORY:
            name = str(argument)
            plain = _CATEGORIES[getattr(code, name.replace("_NOT_", "_"))](char)
            plain = plain and (not self._flags & _FLAGS["a"] or char.isascii())
            return plain != ("_NOT_" in name)
        low, high = argument if op == code.RANGE else (argument, argument)
        return any(low <= ord(each) <= high for each in chars if len(each) == 1)

    # One method for each operation, by its name.

    def _subpattern(self, argument: Any, at: int, then: Then) -> int | None:
        group, add, remove, inner = argument
        before, outer = self._groups.get(group), self._flags

        def close(end: int) -> int | None:
            if group is not None:
                self._groups[group] = (at, end)
            self._flags, inside = outer, self._flags
            found = then(end)
            self._flags = inside
            return found

        self._flags = (outer | add) & ~remove
        found = self._run(list(inner), at, close)
        self._flags = outer
        if found is None and group is not None:
            self._groups.pop(group, None)
            if before is not None:
                self._groups[group] = before
        return found

    def _branch(self, argument: Any, at: int, then: Then) -> int | None:
        for branch in argument[1]:
            if (found := self._run(list(branch), at, then)) is not None:
                return found
        return None

    def _max_repeat(self, argument: Any, at: int, then: Then) -> int | None:
        least, most, inner = argument
        if len(inner) == 1 and inner[0][0] in _SINGLE:
            end = self._run_of(inner[0], at, most)
            for place in range(end, at + least - 1, -1):
                self.steps += 1
                if (found := then(place)) is not None:
                    return found
            return None
        return self._more(list(inner), least, most, at, then)

    def _run_of(self, single: Any, at: int, most: int) -> int:
        end = at
        while end - at < most and self._fits(single[0], single[1], end):
            end += 1
        return end

    def _more(self, inner: Sequence[Any], least: int, most: int, at: int, then: Then) -> int | None:
        """Greedy: one more, then as before; without it where that fails."""

        def again(end: int) -> int | None:
            return None if end == at and least <= 0 else self._more(inner, least - 1, most - 1, end, then)

        if most > 0 and (found := self._run(inner, at, again)) is not None:
            return found
        return then(at) if least <= 0 else None

    def _min_repeat(self, argument: Any, at: int, then: Then) -> int | None:
        least, most, inner = argument
        place, count = at, 0
        while True:
            if count >= least and (found := then(place)) is not None:
                return found
            if count >= most or (end := self._run(list(inner), place, lambda end: end)) is None:
                return None
            place, count = end, count + 1

    def _possessive_repeat(self, argument: Any, at: int, then: Then) -> int | None:
        end = self._max_repeat(argument, at, lambda end: end)
        return None if end is None else then(end)

    def _atomic_group(self, argument: Any, at: int, then: Then) -> int | None:
        end = self._run(list(argument), at, lambda end: end)
        return None if end is None else then(end)

    def _assert(self, argument: Any, at: int, then: Then) -> int | None:
        return then(at) if self._looks(argument, at) else None

    def _assert_not(self, argument: Any, at: int, then: Then) -> int | None:
        return None if self._looks(argument, at) else then(at)

    def _looks(self, argument: Any, at: int) -> bool:
        direction, inner = argument
        start = at if direction > 0 else at - inner.getwidth()[0]
        return start >= 0 and self._run(list(inner), start, lambda end: end) is not None

    def _groupref(self, argument: Any, at: int, then: Then) -> int | None:
        start, end = self._groups[argument]
        self.steps += end - start
        quoted = self._text[start:end]
        return then(at + len(quoted)) if self._text.startswith(quoted, at) else None

    def _groupref_exists(self, argument: Any, at: int, then: Then) -> int | None:
        group, yes, no = argument
        return self._run(list(yes if group in self._groups else no or ()), at, then)

    def _at(self, argument: Any, at: int, then: Then) -> int | None:
        return then(at) if self._is_at(argument, at) else None

    def _is_at(self, argument: Any, at: int) -> bool:
        size = len(self._text)
        if argument in {code.AT_BEGINNING, code.AT_BEGINNING_STRING}:
            return at == 0
        if argument in {code.AT_END, code.AT_END_STRING}:
            return at == size or (argument == code.AT_END and at == size - 1 and self._text[at] == "\n")
        is_word = _CATEGORIES[code.CATEGORY_WORD]
        before, after = at > 0 and is_word(self._text[at - 1]), at < size and is_word(self._text[at])
        return (before != after) == (argument == code.AT_BOUNDARY)
