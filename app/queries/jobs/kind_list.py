"""Kinds of jobs in SQL. Written into the statement and not sent with it, so that plans know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.job_kinds import JobKind


def kind_list(kinds: Iterable[JobKind]) -> str:
    """The right side of `kind IN …`."""
    quoted = (f"'{kind}'" for kind in kinds)
    return f"({', '.join(quoted)})"
