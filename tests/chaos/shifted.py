"""The command line on a machine with a wrong clock: its own time is the real one and what a file says, in seconds.

    python -m tests.chaos.shifted COMMAND … FILE

The file is read at every look, so that a test may set the clock right.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

from app import clock
from app.cli.main import main


def shift(file: Path) -> None:
    """From now on this process's clock is wrong."""
    true_time = time.time

    def wrong_time() -> float:
        return true_time() + float(file.read_text())

    class WrongDatetime(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.fromtimestamp(wrong_time(), tz)

    time.time = wrong_time
    clock.datetime = WrongDatetime


if __name__ == "__main__":
    shift(Path(sys.argv.pop()))
    main()
