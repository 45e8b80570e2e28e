"""The benchmark's commands about jobs: `python -m tests.benchmarks latency` and `memory`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.configuration.settings import LogFormat
from app.observability.logging import configure_logging
from tests.benchmarks.commands import DirectoryOption, application
from tests.benchmarks.dataset import DEFAULT_DIRECTORY
from tests.benchmarks.ingest_world import open_stand
from tests.benchmarks.insight_pages import Shape
from tests.benchmarks.job_latency import measure_latency
from tests.benchmarks.job_memory import measure_memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.job_latency import Latency
    from tests.benchmarks.job_memory import Size

SHAPE = Shape(campaigns=4, adsets=5, ads=10)


@application.command()
def latency(
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    rounds: Annotated[int, typer.Option(min=1, help="Each round asks for all jobs at once, and waits for them.")] = 30,
    at_once: Annotated[str, typer.Option(help="How many jobs at once, comma separated.")] = "5,100",
) -> None:
    """Time from asking for a job to its record, and to a worker that has it."""
    configure_logging(process="benchmark", log_format=LogFormat.JSON, level="WARNING")
    with open_stand(directory, SHAPE) as stand:
        counts = [int(count) for count in at_once.split(",")]
        tell = partial(typer.echo, err=True)
        _print_latency(measure_latency(stand, directory / "logs", at_once=counts, rounds=rounds, tell=tell))


@application.command()
def memory(
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    warm: Annotated[int, typer.Option(min=1, help="Jobs before the first measurement.")] = 100,
    jobs: Annotated[int, typer.Option(min=1, help="Jobs from the first to the last measurement.")] = 1000,
) -> None:
    """Resident memory of a worker over 1,000 stats jobs of accounts with 200 ads."""
    configure_logging(process="benchmark", log_format=LogFormat.JSON, level="WARNING")
    with open_stand(directory, SHAPE) as stand:
        tell = partial(typer.echo, err=True)
        _print_memory(measure_memory(stand, SHAPE, directory / "logs", warm=warm, jobs=jobs, tell=tell))


def _print_latency(found: Mapping[int, Latency]) -> None:
    typer.echo("| jobs at once | enqueue p50 ms | p99 | start p50 ms | p99 | CPU ms a job: asker | worker | jobs |")
    typer.echo("|---|---|---|---|---|---|---|---|")
    for count, each in found.items():
        times = (each.enqueue_p50, each.enqueue_p99, each.start_p50, each.start_p99, each.asker_cpu, each.worker_cpu)
        typer.echo(f"| {count} | {' | '.join(f'{milliseconds:.1f}' for milliseconds in times)} | {each.jobs} |")


def _print_memory(sizes: Sequence[Size]) -> None:
    first, last = sizes[0], sizes[-1]
    largest = max(size.resident for size in sizes)
    typer.echo(f"after {first.jobs} jobs: {first.resident / 1e6:.1f} MB")
    typer.echo(f"after {last.jobs} jobs: {last.resident / 1e6:.1f} MB ({last.resident / first.resident - 1:+.1%})")
    typer.echo(f"largest between: {largest / 1e6:.1f} MB ({largest / first.resident - 1:+.1%})")
