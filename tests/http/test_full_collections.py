"""Full collections of garbage wait for heavy work, but not for ever, and are Python's own again at the end."""

from __future__ import annotations

import gc

import pytest

from app.http.full_collections import MOST, NEVER, WORTH, full_collections_between, is_due
from app.services.limits.precedence import Precedence


@pytest.mark.parametrize(
    ("younger", "heavy", "due"),
    [
        (WORTH - 1, False, False),
        (WORTH, False, True),
        (WORTH, True, False),
        (MOST - 1, True, False),
        (MOST, True, True),
    ],
)
def test_when_one_is_due(younger: int, heavy: bool, due: bool) -> None:  # noqa: FBT001  # a parameter
    assert is_due(younger, heavy=heavy) is due


async def test_python_starts_none_by_itself_meanwhile() -> None:
    before = gc.get_threshold()
    async with full_collections_between(Precedence()):
        assert gc.get_threshold() == (*before[:2], NEVER)
    assert gc.get_threshold() == before
