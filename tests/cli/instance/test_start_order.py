"""The order in which `up` starts things: what may load at the same time is started before anything is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.cli.instance.run import start_all
from app.cli.printing.output import StepPrinter

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cli.instance.stack import Stack
    from app.cli.instance.stopping import StopRequest


class _Recorder:
    """In the place of a stack: notes what is asked of it."""

    has_history = True

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., str]:
        def noted(*arguments: object) -> str:
            self.calls.append(" ".join([name, *(str(argument) for argument in arguments if argument)]))
            return ""

        return noted


class _NoRequest:
    def check(self) -> None: ...


def test_processes_load_side_by_side_while_the_schema_and_the_demo_are_made() -> None:
    stack = _Recorder()
    start_all(cast("Stack", stack), StepPrinter(), cast("StopRequest", _NoRequest()), None)

    assert stack.calls == [
        "start_postgres",
        "start_valkey",
        "spawn_servers",
        "run_once migrate",
        "announce",
        "spawn_workers",
        "wait_for_sandbox",
        "run_once seed",
        "wait_for_api",
        "wait_for_worker",
        "wait_for_scheduler",
    ]
