"""Ends a response halfway: its connection is aborted, so that the client can't take a part for the whole.

Raising would do the same, but the server would log a traceback, as it does for faults that nothing else has reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping


__all__ = ["break_off", "offer_breaking_off"]

_EXTENSION = "pixecom.break_off"


def break_off(scope: MutableMapping[str, Any]) -> bool:
    """Abort the connection of this request. False if its server doesn't offer that."""
    abort = scope.get("extensions", {}).get(_EXTENSION)
    if abort is None:
        return False
    abort()
    return True


def offer_breaking_off(scope: MutableMapping[str, Any], abort: Callable[[], object]) -> None:
    """Let the application of this request break its response off."""
    scope.setdefault("extensions", {})[_EXTENSION] = abort
