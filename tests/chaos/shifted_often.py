"""The same, of a process that measures its clock every second, not every minute."""

from __future__ import annotations

import sys
from pathlib import Path

from app.cli.main import main
from app.services.conditions import database_clock
from tests.chaos.shifted import shift

if __name__ == "__main__":
    database_clock.EVERY_SECONDS = database_clock.AGAIN_SECONDS = 1.0
    shift(Path(sys.argv.pop()))
    main()
