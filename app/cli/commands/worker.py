"""`pixecom worker`: does the background work."""

from __future__ import annotations


def worker() -> None:
    """Run a worker process, which does the background work.

    Settings come from the environment. On SIGTERM it finishes its jobs, or returns them to the queue, within
    WORKER_GRACE_SECONDS.
    """
    from app.cli.process.loop import run_on_uvloop
    from app.cli.process.process_start import start_process
    from workers.process import run_worker

    settings = start_process("worker")
    run_on_uvloop(run_worker(settings))
