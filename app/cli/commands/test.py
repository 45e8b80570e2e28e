"""`pixecom test`: the tests. Becomes pytest, so signals and exit codes are pytest's."""

from __future__ import annotations

import os
import sys

import typer

from app.cli.printing.places import CHECKOUT, require_checkout

# Each process begins with an end of its own and helps the other when it is through: neighbours share what a module sets
# up, and tests that kill processes do not meet each other.
PROCESSES = ("-n", "2", "--dist", "worksteal")
USUAL_SELECTION = "not slow"


def test(context: typer.Context) -> None:
    """Run the tests in the checkout; all arguments go to pytest.

    Unless the arguments say otherwise: two processes (-n 2 --dist worksteal), without the slow ones (-m "not slow").
    Choose with -m chaos, -m conformance or -m slow. Tests named as path::name run in one process, slow ones too.
    """
    require_checkout("The tests are in the source checkout; run `./pixecom test` there.")
    command = [sys.executable, "-m", "pytest", *pytest_arguments(context.args)]
    sys.stdout.flush()
    os.chdir(CHECKOUT)
    os.execv(sys.executable, command)  # noqa: S606  # becoming pytest is the purpose


def pytest_arguments(given: list[str]) -> list[str]:
    """The caller's arguments, with our choices where the caller made none."""
    if any("::" in argument for argument in given):
        return given
    return [*_processes(given), *_selection(given), *given]


def _processes(given: list[str]) -> list[str]:
    for number, argument in enumerate(given):
        if argument.startswith(("-n", "--numprocesses", "--pdb", "-pno:xdist")):
            return []
        if argument == "-p" and given[number + 1 : number + 2] == ["no:xdist"]:
            return []
    return [*PROCESSES]


def _selection(given: list[str]) -> list[str]:
    return [] if any(argument.startswith("-m") for argument in given) else ["-m", USUAL_SELECTION]
