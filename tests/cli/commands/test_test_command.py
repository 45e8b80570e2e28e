"""What `pixecom test` adds to the caller's arguments, and where it keeps out of the way."""

from __future__ import annotations

import pytest

from app.cli.commands.test import pytest_arguments

TWO = ["-n", "2", "--dist", "worksteal"]
USUAL = ["-m", "not slow"]


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ([], [*TWO, *USUAL]),
        (["tests/http", "-x"], [*TWO, *USUAL]),
        (["--maxfail=1"], [*TWO, *USUAL]),
        (["-n4"], USUAL),
        (["tests/test_clock.py::test_now"], []),
        (["-n", "auto"], USUAL),
        (["--numprocesses=3"], USUAL),
        (["-p", "no:xdist"], USUAL),
        (["-p", "no:randomly"], [*TWO, *USUAL]),
        (["--pdb"], USUAL),
        (["-m", "chaos"], TWO),
        (["-mslow", "-n0"], []),
    ],
)
def test_our_choices_give_way_to_the_callers(given: list[str], added: list[str]) -> None:
    assert pytest_arguments(given) == [*added, *given]
