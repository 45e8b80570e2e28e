"""What an answer says, without what it cost."""

from __future__ import annotations

from typing import Any

COST = ("cost", "costLimit", "costRemaining")


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """The body of an answer to an operation that was priced and charged, which says so; data and errors are left."""
    extensions = body.pop("extensions")
    assert sorted(extensions) == sorted(COST)
    assert all(isinstance(extensions[name], int) for name in COST)
    return body
