"""One run of `up`: its steps, what it tells people, and its end. `stack` knows the processes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from subprocess import SubprocessError
from typing import TYPE_CHECKING

from app.cli.instance.disk_watch import RoomWatch
from app.cli.instance.stack import Ports, Stack
from app.cli.instance.stopping import StopRequested, ignore_signals, stop_on_signals
from app.cli.instance.welcome import print_welcome
from app.cli.joining.port_user import port_in_use
from app.cli.printing.environment import check_is_development, uses_own_postgres, uses_own_valkey
from app.cli.printing.output import StepPrinter
from app.embedded.data_directory import DataDirectory, open_data_directory
from app.embedded.ports import is_free
from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from app.cli.instance.history import HistoryWatch
    from app.cli.instance.stopping import StopRequest
    from app.cli.printing.output import StepDetail

_LOOK_EVERY_SECONDS = 0.25


def run_instance(*, port: int, data_directory: Path, sandbox_data: Path | None, reset: bool) -> None:
    """Return after an orderly end; raises SetupError, with nothing left running, if it can't start."""
    printer = StepPrinter()
    check_is_development("up")
    if not is_free(port):
        raise port_in_use(port, data_directory)
    try:
        with stop_on_signals() as request, _opened(data_directory, printer, reset=reset) as directory:
            room = RoomWatch(directory.path, printer)
            while True:
                room.wait(request)
                stack = Stack(directory, Ports.choose(port), printer, room)
                _run(stack, printer, request, sandbox_data)
    except StopRequested:
        return


def _run(stack: Stack, printer: StepPrinter, request: StopRequest, sandbox_data: Path | None) -> None:
    """Run until stopped. Returns, with nothing left running, if it can't start because the disk is full."""
    try:
        start_all(stack, printer, request, sandbox_data)
        print_welcome(printer, stack.ports, stack.directory, sandbox_csv=sandbox_data is not None)
        _tend_forever(stack, request)
    except (SetupError, OSError, SubprocessError):
        if not stack.lacks_room:
            _end(stack, printer)
            raise
        stack.stop()
    except BaseException:
        _end(stack, printer)
        raise


def _end(stack: Stack, printer: StepPrinter) -> None:
    ignore_signals()
    printer.line("Stopping:")
    stack.stop()


@contextmanager
def _opened(path: Path, printer: StepPrinter, *, reset: bool) -> Generator[DataDirectory]:
    with printer.step("Data directory") as detail:
        directory = open_data_directory(path, user="pixecom up")
        if reset:
            directory.clear()
        detail.text = f"{directory.path}{' (emptied)' if reset else ''}"
    try:
        yield directory
    finally:
        directory.close()


def start_all(stack: Stack, printer: StepPrinter, request: StopRequest, sandbox_data: Path | None) -> None:
    """Everything, in an order that lets the processes load their code at the same time as the database is prepared.

    The api is ready once the schema and the demo's logins exist, so that one can log in at once.
    """

    @contextmanager
    def step(name: str) -> Generator[StepDetail]:
        request.check()
        with printer.step(name) as detail:
            yield detail

    with step("PostgreSQL") as detail:
        detail.text = stack.start_postgres()
    with step("Valkey") as detail:
        detail.text = stack.start_valkey()
    if not (uses_own_postgres() and uses_own_valkey()):
        _check_servers_of_the_caller(stack, printer)
    stack.spawn_servers(sandbox_data)
    with step("Migrations"):
        stack.run_once("migrate")
        stack.announce()
    stack.spawn_workers()
    with step("Sandbox") as detail:
        detail.text = stack.wait_for_sandbox()
    with step("Demo data"):
        stack.run_once("seed", *(["--sandbox-csv"] if sandbox_data else []))
    with step("API") as detail:
        detail.text = stack.wait_for_api()
    with step("Worker") as detail:
        detail.text = stack.wait_for_worker()
    with step("Scheduler") as detail:
        detail.text = stack.wait_for_scheduler()
    _wait_for_history(stack, printer, request)


def _wait_for_history(stack: Stack, printer: StepPrinter, request: StopRequest) -> None:
    """At the first start only: afterwards there is something to see at once."""
    if stack.has_history:
        return
    from app.cli.instance.history import HistoryWatch

    watch = HistoryWatch(stack.environment())
    with printer.step("Demo history") as detail:
        watch.start()
        try:
            _show_history(watch, stack, request)
        finally:
            watch.stop()
        detail.text = f"{watch.totals.succeeded} of {watch.totals.total} jobs succeeded"
        detail.text += "" if watch.is_complete else "; the rest continues in the background"
    if watch.is_complete:
        stack.note_history()


def _show_history(watch: HistoryWatch, stack: Stack, request: StopRequest) -> None:
    from app.cli.instance.history import LONGEST_WAIT_SECONDS
    from app.cli.printing.progress_line import ProgressLine

    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    with ProgressLine("Demo history") as line:
        while not watch.is_complete and time.monotonic() < deadline:
            request.check()
            line.show(watch.totals)
            stack.tend()
            time.sleep(_LOOK_EVERY_SECONDS)


def _check_servers_of_the_caller(stack: Stack, printer: StepPrinter) -> None:
    import asyncio

    from app.cli.failures.reachability import require_servers

    with printer.step("Reachability"):
        asyncio.run(require_servers(stack.environment()))


def _tend_forever(stack: Stack, request: StopRequest) -> None:
    while True:
        time.sleep(_LOOK_EVERY_SECONDS)
        request.check()
        stack.tend()
