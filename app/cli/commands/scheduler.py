"""`pixecom scheduler`: enqueues the work that is due."""

from __future__ import annotations


def scheduler() -> None:
    """Run a scheduler process, which enqueues the work that is due.

    Settings come from the environment. Running two is safe: no work is done twice.
    """
    from app.cli.process.loop import run_on_uvloop
    from app.cli.process.process_start import start_process
    from workers.scheduler import run_scheduler

    settings = start_process("scheduler")
    run_on_uvloop(run_scheduler(settings))
