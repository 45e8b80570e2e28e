"""`up` as people use it: started, hurt, killed, started again, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.embedded.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

pytestmark = pytest.mark.slow

PROCESSES = {"postgres", "valkey", "sandbox", "api", "worker", "scheduler"}


class Up:
    """One run, with what it has printed so far."""

    def __init__(self, data: Path, output: Path) -> None:
        self.data, self.output = data, output
        command = [sys.executable, "-m", "app.cli.main", "up", "--port", str(find_free_port()), "--data-dir", str(data)]
        with output.open("w") as file:
            self.process = subprocess.Popen(  # noqa: S603  # the command is ours
                command, env={"PATH": os.environ["PATH"]}, stdout=file, stderr=subprocess.STDOUT
            )
        self.wait_until(lambda: "✓ Scheduler" in self.text and (data / "instance.json").exists())

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def instance(self) -> dict[str, dict[str, int]]:
        return json.loads((self.data / "instance.json").read_text())

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def with_descendants(pid: int) -> set[int]:
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        children = {int(child) for thread in threads for child in (thread / "children").read_text().split()}
    except OSError:
        return set()
    return {pid}.union(*(with_descendants(child) for child in children))


def all_end_soon(pids: set[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def start(tmp_path: Path) -> Generator[Callable[[], Up]]:
    runs: list[Up] = []

    def start_one() -> Up:
        runs.append(Up(tmp_path / "data", tmp_path / f"output-{len(runs)}"))
        return runs[-1]

    yield start_one
    for run in runs:
        run.process.kill()
        run.process.wait()


def test_killed_and_started_again_and_ended(start: Callable[[], Up]) -> None:
    first = start()
    everything = with_descendants(first.process.pid)
    assert set(first.instance["processes"]) == PROCESSES
    assert everything.issuperset(first.instance["processes"].values())

    first.process.kill()
    assert first.process.wait() == -signal.SIGKILL
    assert all_end_soon(everything)

    second = start()
    everything = with_descendants(second.process.pid)
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0
    assert all_end_soon(everything)
    stopped = [line.split()[0] for line in second.text.partition("Ending:")[2].splitlines() if " stopped in " in line]
    assert stopped == ["scheduler", "api", "worker", "sandbox", "valkey", "postgres"]
    assert not (second.data / "instance.json").exists()


def test_whatever_dies_comes_back(start: Callable[[], Up]) -> None:
    run = start()
    before = run.instance["processes"]
    for name in ("postgres", "valkey", "api"):
        os.kill(before[name], signal.SIGKILL)
        run.wait_until(lambda name=name: f"{name} runs again" in run.text)

    after = run.instance["processes"]
    assert {name for name in PROCESSES if after.get(name) != before[name]} >= {"postgres", "valkey", "api"}
    assert "! postgres ended (signal 9); next start in 1 s. Its last lines:" in run.text
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 0


def test_a_token_of_the_running_instance_and_nothing_else(start: Callable[[], Up]) -> None:
    run = start()
    command = [sys.executable, "-m", "app.cli.main", "token", "--data-dir", str(run.data)]

    printed = subprocess.run(  # noqa: S603  # likewise
        command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True, timeout=60
    )

    assert printed.stderr == ""
    assert [len(part) > 10 for part in printed.stdout.removesuffix("\n").split(".")] == [True, True, True]
