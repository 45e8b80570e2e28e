"""`up` as people use it: started, hurt, killed, started again, ended."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import PROCESSES, Up, all_end_soon, with_descendants

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

pytestmark = pytest.mark.slow


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
    stopped = [line.split()[0] for line in second.text.partition("Stopping:")[2].splitlines() if " stopped in " in line]
    assert stopped == ["scheduler", "api", "worker", "sandbox", "valkey", "postgres"]
    assert not (second.data / "instance.json").exists()


def test_whatever_dies_comes_back(start: Callable[[], Up]) -> None:
    run = start()
    before = run.instance["processes"]
    for name in ("postgres", "valkey", "api"):
        os.kill(before[name], signal.SIGKILL)
        run.wait_until(lambda name=name: f"{name} is running again" in run.text)

    def replaced() -> set[str]:
        after = run.instance["processes"]
        return {name for name in PROCESSES if after.get(name) != before[name]}

    run.wait_until(lambda: replaced() >= {"postgres", "valkey", "api"})
    assert "! postgres exited (signal 9); restarting it in 1 s. Its log ends with:" in run.text
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 0


def test_a_token_of_the_running_instance_and_nothing_else(start: Callable[[], Up]) -> None:
    run = start()
    printed = run.run("token")
    assert [len(part) > 10 for part in printed.removesuffix("\n").split(".")] == [True, True, True]


class Starting(Up):
    """A first start, left while it is under way."""

    def settle(self) -> None:
        self.wait_until((self.data / "instance.json").exists)


def test_other_commands_find_it_before_its_first_start_is_done(tmp_path: Path) -> None:
    run = Starting(tmp_path / "data", tmp_path / "output")
    try:
        assert "✓ Scheduler" not in run.text
        assert set(run.instance["processes"]) >= {"postgres", "valkey", "sandbox", "api"}
        assert run.try_to_run("check stats").returncode == 0
        for command in ("status", "doctor"):
            printed = run.try_to_run(command)
            assert "No instance runs" not in printed.stdout + printed.stderr
            assert printed.stdout
        run.wait_until(lambda: "✓ Scheduler" in run.text)
        assert set(run.instance["processes"]) == PROCESSES
    finally:
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(60) == 0
