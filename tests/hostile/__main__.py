from __future__ import annotations

from tests.hostile.commands import application

if __name__ == "__main__":
    application(prog_name="python -m tests.hostile")
