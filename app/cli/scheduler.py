"""`pixecom scheduler`: enqueues the work that is due."""

from __future__ import annotations


def scheduler() -> None:
    """Run a scheduler process; settings come from the environment. Two at once do no work twice."""
    from app.cli.loop import run_on_uvloop
    from app.cli.process_start import start_process
    from workers.scheduler import run_scheduler

    settings = start_process("scheduler")
    run_on_uvloop(run_scheduler(settings))
