"""The tools of the source: each is run in the checkout, and what fails is shown with its output."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app.cli.printing import places
from app.cli.printing.places import CHECKOUT
from app.cli.source import tools
from app.cli.source.reporting import report
from app.cli.source.tools import CHECKS, FIXES, Tool, run_in_turn, run_side_by_side
from app.errors import SetupError

GOOD = Tool("good", ("python", "-c", "import os; print(os.getcwd())"))
BAD = Tool("bad", ("python", "-c", "import sys; sys.exit('line 3 is [wrong]')"))


def shown(*given: Tool) -> tuple[bool, str]:
    written = io.StringIO()
    answer = report(run_side_by_side(given), Console(file=written, width=80))
    return answer, written.getvalue()


def test_a_tool_runs_in_the_checkout() -> None:
    (result,) = run_in_turn([GOOD])
    assert (result.succeeded, result.output.strip()) == (True, str(CHECKOUT))


def test_results_come_in_order_and_what_failed_is_shown() -> None:
    succeeded, text = shown(BAD, GOOD)
    assert not succeeded
    first, command, said, second = text.splitlines()
    assert first.startswith("✗ bad")
    assert command.startswith("python -c")
    assert said == "line 3 is [wrong]"
    assert second.startswith("✓ good")


def test_only_success_is_success() -> None:
    succeeded, text = shown(GOOD)
    assert succeeded
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("tool", list(dict.fromkeys((*CHECKS, *FIXES))), ids=lambda tool: " ".join(tool.arguments))
def test_every_tool_is_in_the_environment(tool: Tool) -> None:
    assert (tools.Path(tools.sys.executable).with_name(tool.arguments[0])).exists()


def test_outside_of_a_checkout_it_says_where_to_go(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(places, "CHECKOUT", tmp_path)
    with pytest.raises(SetupError, match=r"run this as `\./pixecom` there"):
        list(run_in_turn([GOOD]))
