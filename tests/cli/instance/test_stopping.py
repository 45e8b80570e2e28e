from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from app.cli.instance.stopping import StopRequest, StopRequested

SWALLOWS = """
import gc, os, signal, time
from app.cli.instance.stopping import StopRequested, stop_on_signals

class Dying:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)  # interrupted at once: what is raised here is lost

try:
    with stop_on_signals() as request:
        Dying()
        request.check()
        print("went on")
except StopRequested:
    print("ended")
"""


def test_a_request_is_remembered_and_raised_once_by_the_signal() -> None:
    request = StopRequest()
    request.check()
    with pytest.raises(StopRequested):
        request.receive(signal.SIGINT, None)
    request.receive(signal.SIGINT, None)
    with pytest.raises(StopRequested):
        request.check()


def test_a_request_that_python_swallows_is_not_lost() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWALLOWS],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "Exception ignored in" in ended.stderr
    assert ended.stdout == "ended\n"
