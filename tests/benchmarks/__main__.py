from __future__ import annotations

from tests.benchmarks import job_commands

if __name__ == "__main__":
    job_commands.application(prog_name="python -m tests.benchmarks")
