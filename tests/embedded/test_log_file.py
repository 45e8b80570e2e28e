"""Logs of children: bounded, private, and readable from their end."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING, NoReturn

from app.cli.instance.readiness import wait_until
from app.embedded.child import ChildSpec, start_child
from app.embedded.log_file import MOST_BYTES, prepare_log, read_last_lines, shorten_log

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_end_of_a_log_is_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("".join(f"line {number} {'x' * 300}\n" for number in range(500)))

    assert [line.split()[1] for line in read_last_lines(log, 3)] == ["497", "498", "499"]
    assert read_last_lines(tmp_path / "none.log", 3) == []


def test_a_large_log_is_put_aside_at_a_start(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "api.log"
    prepare_log(log)
    log.write_bytes(b"x" * (MOST_BYTES + 1))

    prepare_log(log)

    assert log.stat().st_size == 0
    assert log.stat().st_mode & 0o777 == 0o600
    older = tmp_path / "logs" / "api.log.1"
    assert (older.stat().st_size, older.stat().st_mode & 0o777) == (MOST_BYTES + 1, 0o600)


def test_a_log_stays_bounded_while_it_is_written(tmp_path: Path) -> None:
    """The writer has the file open all the time, and goes on at its beginning."""
    log = tmp_path / "api.log"
    prepare_log(log)
    with log.open("ab", buffering=0) as writer:
        for number in range(50):
            writer.write(b"x" * 250_000 + b" %d\n" % number)
            shorten_log(log)
            assert log.stat().st_size <= MOST_BYTES

    older = log.with_name("api.log.1")
    assert MOST_BYTES < older.stat().st_size < MOST_BYTES + 300_000
    assert log.read_bytes().split()[-1] == b"49"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.log", "api.log.1"]


def test_a_full_disk_gets_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "api.log"
    log.write_bytes(b"x" * (MOST_BYTES + 1))

    def fail(_source: Path, copy: Path) -> NoReturn:
        copy.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copy", fail)
    shorten_log(log)

    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("api.log", 0)]


def test_a_childs_log_is_bounded_while_it_runs(tmp_path: Path) -> None:
    program = "import signal; print('x\\n' * 3_000_000 + 'done', flush=True); signal.pause()"
    command = (sys.executable, "-c", program)
    child = start_child(ChildSpec("one", command, tmp_path / "one.log", dict(os.environ), tmp_path))
    try:
        wait_until(lambda: child.last_log_lines(1) == ["done"], child)
        child.bound_log()
        assert child.last_log_lines() == []
    finally:
        child.stop(grace=10)
