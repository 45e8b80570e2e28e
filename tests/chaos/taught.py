"""The command line with the job kinds of the tests, for an interpreter that starts from nothing."""

from __future__ import annotations

from app.cli.main import main
from tests.chaos.handlers import teach

if __name__ == "__main__":
    teach()
    main()
