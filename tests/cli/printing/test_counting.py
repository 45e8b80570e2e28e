"""Numbers of things in sentences."""

from __future__ import annotations

import pytest

from app.cli.printing.counting import counted


@pytest.mark.parametrize(("number", "words"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs")])
def test_one_is_singular(number: int, words: str) -> None:
    assert counted(number, "job") == words
