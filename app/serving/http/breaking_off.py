"""Ends a response halfway: its connection is reset, so that the client can't take a part for the whole.

Nothing more arrives then, not even what the kernel held for a slow reader: its user may no longer be allowed to read.

Says as well whether a request was cancelled because its server shuts down.

Raising would do the same, but the server would log a traceback, as it does for faults that nothing else has reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from app.serving.drain import Drain


__all__ = ["break_off", "is_cut_by_shutdown", "offer_breaking_off"]

_EXTENSION = "pixecom.break_off"
_DRAIN = "pixecom.drain"


def break_off(scope: MutableMapping[str, Any]) -> bool:
    """Reset the connection of this request. False if its server doesn't offer that."""
    abort = scope.get("extensions", {}).get(_EXTENSION)
    if abort is None:
        return False
    abort()
    return True


def is_cut_by_shutdown(scope: MutableMapping[str, Any]) -> bool:
    """Whether the server of this request has begun to cancel what outlasted its grace."""
    drain: Drain | None = scope.get("extensions", {}).get(_DRAIN)
    return drain is not None and drain.has_cancelled


def offer_breaking_off(scope: MutableMapping[str, Any], abort: Callable[[], object], drain: Drain) -> None:
    """Let the application of this request break its response off, and find out why it is cancelled."""
    scope.setdefault("extensions", {}).update({_EXTENSION: abort, _DRAIN: drain})
