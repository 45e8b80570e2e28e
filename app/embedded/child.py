"""A child process that can't outlive us, with its output in a log file. Knows nothing of what it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.embedded import launch
from app.embedded.log_file import prepare_log, read_last_lines, shorten_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SAME_IDENTITY = "same"


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `death_signal` is what the kernel sends it when this process ends before it."""

    name: str
    command: tuple[str, ...]
    log_path: Path
    environment: Mapping[str, str]
    directory: Path
    death_signal: signal.Signals = signal.SIGKILL
    stop_signal: signal.Signals = signal.SIGTERM
    identity: str = SAME_IDENTITY
    kept_descriptors: tuple[int, ...] = field(default=(), kw_only=True)


class Child:
    """A started ChildSpec."""

    def __init__(self, spec: ChildSpec, process: subprocess.Popen[bytes]) -> None:
        self.spec = spec
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def wait(self, timeout: float) -> int:
        """The exit code; raises subprocess.TimeoutExpired after `timeout` seconds."""
        return self._process.wait(timeout)

    def stop(self, *, grace: float) -> int:
        """End it in its own orderly way; after `grace` seconds, with its whole process group, by force."""
        if self.exit_code is None:
            self._process.send_signal(self.spec.stop_signal)
        try:
            return self._process.wait(grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            return self._process.wait()

    def last_log_lines(self, count: int = 10) -> list[str]:
        """The end of its log."""
        return read_last_lines(self.spec.log_path, count)

    def bound_log(self) -> None:
        """Keep its log within the limit while it runs; call this now and then."""
        shorten_log(self.spec.log_path)


def start_child(spec: ChildSpec) -> Child:
    """Start it. Call this from the main thread: the child dies with the *thread* that started it."""
    prepare_log(spec.log_path)
    command = [sys.executable, "-I", "-S", launch.__file__]
    command += [str(os.getpid()), str(int(spec.death_signal)), spec.identity, *spec.command]
    with spec.log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # the command is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(spec.environment),
            cwd=spec.directory,
            pass_fds=spec.kept_descriptors,
            start_new_session=True,  # Ctrl-C at the terminal is for us: we end the children in order
        )
    return Child(spec, process)
