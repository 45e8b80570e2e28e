"""Children have what they were given, and end as they are told."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from app.cli.instance.readiness import wait_until
from app.embedded.child import ChildSpec, start_child

if TYPE_CHECKING:
    from pathlib import Path


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
