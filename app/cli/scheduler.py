"""`pixecom scheduler`: enqueues the work that is due."""

from __future__ import annotations


def scheduler() -> None:
    """Run a scheduler process; settings come from the environment. Two at once do no work twice."""
    from app.cli.loop import run_on_uvloop
    from app.observability.logging import configure_logging
    from app.settings import load_settings
    from workers.scheduler import run_scheduler

    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="scheduler")
    run_on_uvloop(run_scheduler(settings))
