"""Prepares values for a log line: limits their length, depth and number, and masks secrets."""

from __future__ import annotations

from itertools import islice
from typing import Any

from app.observability.masking import MASK, is_secret_name
from app.observability.shortening import NAME_CHARACTERS, presentable

__all__ = ["clean_event"]

TEXT_CHARACTERS = 10_000
TRACEBACK_CHARACTERS = 40_000
LINE_CHARACTERS = 100_000
DEPTH = 6
ITEMS = 100  # of one list or object
LINE_VALUES = 1_000

_CHARACTERS_OF = {
    "path": NAME_CHARACTERS,
    "operation": NAME_CHARACTERS,
    "exception": TRACEBACK_CHARACTERS,
    "stack": TRACEBACK_CHARACTERS,
}


def clean_event(event: dict[str, Any]) -> None:
    """Limit and mask the values of an event in place; the caller's own objects are not changed."""
    line = _Line()
    for name, value in event.items():
        if not name.startswith("_"):  # structlog's own
            event[name] = line.shown(name, value)


class _Line:
    """One log line being built: how much it may still hold."""

    def __init__(self) -> None:
        self._characters = LINE_CHARACTERS
        self._values = LINE_VALUES

    def shown(self, name: str, value: Any) -> Any:
        return MASK if is_secret_name(name) else self._value(value, _CHARACTERS_OF.get(name, TEXT_CHARACTERS), DEPTH)

    def _value(self, value: Any, limit: int, depth: int) -> Any:
        if isinstance(value, int | float | None):
            return value
        if isinstance(value, dict | list | tuple):
            return self._items(value, depth) if depth else "…"  # pyright: ignore[reportUnknownArgumentType]  # of any items
        return self._text(value if isinstance(value, str) else repr(value), limit)  # as the renderer would show it

    def _text(self, text: str, limit: int) -> str:
        limit = min(limit, max(self._characters, NAME_CHARACTERS))
        shown = presentable(text, limit)
        self._characters -= len(shown)
        return shown

    def _items(self, value: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
        kept = max(0, min(len(value), ITEMS, self._values))
        self._values -= kept
        left_out = f"… ({len(value) - kept} more)" if len(value) > kept else None
        if isinstance(value, dict):
            shown = {self._key(key): self._named(key, item, depth) for key, item in islice(value.items(), kept)}
            return shown | {"…": left_out} if left_out else shown
        items = [self._value(item, TEXT_CHARACTERS, depth - 1) for item in value[:kept]]
        return [*items, left_out] if left_out else items

    def _key(self, key: Any) -> Any:
        return self._text(key, NAME_CHARACTERS) if isinstance(key, str) else key

    def _named(self, key: Any, item: Any, depth: int) -> Any:
        return MASK if is_secret_name(str(key)) else self._value(item, TEXT_CHARACTERS, depth - 1)
