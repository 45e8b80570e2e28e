"""Logs of children: bounded, private, and readable from their end."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from app.cli.readiness import wait_until
from app.embedded.child import ROTATE_AT_BYTES, ChildSpec, read_last_lines, rotate, start_child

if TYPE_CHECKING:
    from pathlib import Path


def test_the_end_of_a_log_is_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("".join(f"line {number} {'x' * 300}\n" for number in range(500)))

    assert [line.split()[1] for line in read_last_lines(log, 3)] == ["497", "498", "499"]
    assert read_last_lines(tmp_path / "none.log", 3) == []


def test_a_large_log_is_put_aside_at_a_start(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "api.log"
    rotate(log)
    log.write_bytes(b"x" * (ROTATE_AT_BYTES + 1))

    rotate(log)

    assert log.stat().st_size == 0
    assert log.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "logs" / "api.log.1").stat().st_size == ROTATE_AT_BYTES + 1


def test_a_child_has_the_environment_given_and_no_more(tmp_path: Path) -> None:
    program = "import os; print(sorted(name for name in os.environ if name != 'LC_CTYPE'))"
    command = (sys.executable, "-c", program)
    child = start_child(ChildSpec("one", command, tmp_path / "one.log", {"ONLY": "this"}, tmp_path))

    assert child.wait(20) == 0
    assert child.last_log_lines() == ["['ONLY']"]


def test_a_child_is_told_to_end_by_its_own_signal(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()")
    spec = ChildSpec("one", command, tmp_path / "one.log", dict(os.environ), tmp_path, stop_signal=signal.SIGQUIT)

    ignored = signal.signal(signal.SIGQUIT, signal.SIG_IGN)  # as a shell does with what it puts into the background
    try:
        child = start_child(spec)
        wait_until(lambda: child.last_log_lines() == ["up"], child)
        assert child.stop(grace=20) == -signal.SIGQUIT
    finally:
        signal.signal(signal.SIGQUIT, ignored)
