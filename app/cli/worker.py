"""`pixecom worker`: does the background work."""

from __future__ import annotations


def worker() -> None:
    """Run a worker process; settings come from the environment. SIGTERM ends it within its grace."""
    from app.cli.loop import run_on_uvloop
    from app.observability.logging import configure_logging
    from app.settings import load_settings
    from workers.process import run_worker

    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="worker")
    run_on_uvloop(run_worker(settings))
