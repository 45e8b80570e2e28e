"""Deaths are reported and repaired; the end comes in order."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from app.cli.instance.supervision import Managed, Supervisor, describe_exit
from app.embedded.child import Child, ChildSpec, start_child
from app.embedded.log_file import MOST_BYTES
from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

SLEEPER = "import signal; print('I run', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('I run', flush=True)\nwhile True: signal.pause()"


@dataclass
class Notebook:
    """A reporter that remembers."""

    notes: list[str] = field(default_factory=list[str])
    warnings: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])

    def note(self, sentence: str) -> None:
        self.notes.append(sentence.split(" in ", maxsplit=1)[0])

    def warn(self, sentence: str, details: Sequence[str] = ()) -> None:
        self.warnings.append((sentence, list(details)))


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def supervisor(notebook: Notebook) -> Generator[Supervisor]:
    supervisor = Supervisor(notebook)
    yield supervisor
    supervisor.stop(())


def start(tmp_path: Path, name: str, program: str = SLEEPER) -> Child:
    command = (sys.executable, "-c", program)
    spec = ChildSpec(name, command, tmp_path / f"{name}.log", dict(os.environ), tmp_path)
    child = start_child(spec)
    wait_until(lambda: child.last_log_lines() != [])
    return child


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within ten seconds"


def test_a_process_that_dies_is_reported_with_its_last_lines_and_started_again(
    supervisor: Supervisor, notebook: Notebook, tmp_path: Path
) -> None:
    first = start(tmp_path, "worker")
    supervisor.add(Managed("worker", first, lambda: start(tmp_path, "worker"), 5, delay=0.05))
    assert supervisor.process_ids == {"worker": first.pid}

    os.kill(first.pid, signal.SIGKILL)
    wait_until(supervisor.tend)

    assert notebook.warnings == [("worker exited (signal 9); restarting it in 0 s. Its log ends with:", ["I run"])]
    assert notebook.notes == ["worker is running again"]
    assert supervisor.process_ids["worker"] != first.pid


def test_an_orderly_end_is_reported_without_last_lines(
    supervisor: Supervisor, notebook: Notebook, tmp_path: Path
) -> None:
    first = start(tmp_path, "api", "print('I end', flush=True)")
    supervisor.add(Managed("api", first, lambda: start(tmp_path, "api"), 5, delay=0.05))
    wait_until(supervisor.tend)
    assert notebook.warnings == [("api exited (exit code 0); restarting it in 0 s.", [])]


def test_a_process_runs_again_once_it_answers(supervisor: Supervisor, notebook: Notebook, tmp_path: Path) -> None:
    answers = False
    first = start(tmp_path, "api")
    supervisor.add(Managed("api", first, lambda: start(tmp_path, "api"), 5, lambda: answers, delay=0.05))
    os.kill(first.pid, signal.SIGKILL)
    wait_until(supervisor.tend)
    second = supervisor.process_ids["api"]
    assert (supervisor.tend(), notebook.notes) == (False, [])

    os.kill(second, signal.SIGKILL)  # before it has ever answered
    wait_until(supervisor.tend)
    assert (len(notebook.warnings), notebook.notes) == (2, [])

    answers = True
    assert supervisor.tend() is False
    assert notebook.notes == ["api is running again"]
    supervisor.tend()
    assert notebook.notes == ["api is running again"]


def test_each_failed_start_waits_twice_as_long(supervisor: Supervisor, notebook: Notebook, tmp_path: Path) -> None:
    def refuse() -> Child:
        raise SetupError("the port is taken")

    managed = Managed("api", start(tmp_path, "api"), refuse, 5, delay=0.01)
    supervisor.add(managed)
    os.kill(managed.child.pid, signal.SIGTERM)
    for failures in (1, 2, 3):
        wait_until(lambda failures=failures: supervisor.tend() or len(notebook.warnings) > failures)

    assert [sentence for sentence, _ in notebook.warnings[1:]] == ["api could not be restarted: the port is taken"] * 3
    assert managed.delay == pytest.approx(0.01 * 2**4)


def test_whatever_hinders_a_start_it_is_tried_again(supervisor: Supervisor, notebook: Notebook, tmp_path: Path) -> None:
    refusals: list[Exception] = [ConnectionError("reset by peer"), LookupError()]

    def start_at_last() -> Child:
        if refusals:
            raise refusals.pop(0)
        return start(tmp_path, "postgres")

    managed = Managed("postgres", start(tmp_path, "postgres"), start_at_last, 5, delay=0.01)
    supervisor.add(managed)
    os.kill(managed.child.pid, signal.SIGKILL)
    wait_until(supervisor.tend)
    assert [sentence for sentence, _ in notebook.warnings[1:]] == [
        "postgres could not be restarted: reset by peer",
        "postgres could not be restarted: LookupError",
    ]


def test_where_nothing_is_to_be_hoped_for_it_is_tried_without_a_word_and_at_once_when_there_is(
    notebook: Notebook, tmp_path: Path
) -> None:
    is_hopeless = True

    def start_with_room() -> Child:
        if is_hopeless:
            raise OSError(28, "No space left on device")
        return start(tmp_path, "api")

    supervisor = Supervisor(notebook, is_hopeless=lambda: is_hopeless)
    managed = Managed("api", start(tmp_path, "api"), start_with_room, 5, delay=0.01)
    supervisor.add(managed)
    os.kill(managed.child.pid, signal.SIGKILL)
    wait_until(lambda: supervisor.tend() or managed.delay > 0.05)
    managed.retry_at, managed.delay = time.monotonic() + 3600, 30.0
    is_hopeless = False
    assert not supervisor.tend()
    supervisor.hurry()
    assert supervisor.tend()
    assert (notebook.warnings, managed.delay) == ([], 1.0)
    supervisor.stop(())


def test_a_log_is_bounded_while_its_process_runs(supervisor: Supervisor, tmp_path: Path) -> None:
    program = f"import signal; print('x\\n' * {MOST_BYTES} + 'I run', flush=True); signal.pause()"
    supervisor.add(Managed("api", start(tmp_path, "api", program), lambda: start(tmp_path, "api"), 5))
    wait_until(lambda: (tmp_path / "api.log").read_bytes().endswith(b"I run\n"))

    supervisor.tend()

    assert (tmp_path / "api.log").stat().st_size == 0
    assert (tmp_path / "api.log.1").stat().st_size > MOST_BYTES


def test_the_end_comes_in_the_order_asked_for(supervisor: Supervisor, notebook: Notebook, tmp_path: Path) -> None:
    children = {name: start(tmp_path, name) for name in ("postgres", "api", "extra", "scheduler")}
    for name, child in children.items():
        supervisor.add(Managed(name, child, lambda child=child: child, 5))

    supervisor.stop(("scheduler", "api", "postgres"))

    assert notebook.notes == ["scheduler stopped", "api stopped", "postgres stopped", "extra stopped"]
    assert [child.exit_code for child in children.values()] == [-signal.SIGTERM] * 4
    assert supervisor.process_ids == {}


def test_a_process_that_does_not_listen_is_ended_by_force(supervisor: Supervisor, tmp_path: Path) -> None:
    child = start(tmp_path, "worker", STUBBORN)
    supervisor.add(Managed("worker", child, lambda: child, 0.1))

    supervisor.stop(())

    assert child.exit_code == -signal.SIGKILL


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-15, "signal 15")])
def test_an_exit_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words
