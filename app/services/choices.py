"""What there is to choose from, as the message about a name that does not exist lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMED = 10


def list_choices(names: Sequence[str]) -> str:
    """The first NAMED names, and how many more there are: `a, b and 3 more`; `none` without any."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED]) or 'none'}{more}"
