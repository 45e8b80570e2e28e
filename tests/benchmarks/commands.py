"""The benchmark's command line: `python -m tests.benchmarks --help`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from app.cli.process.loop import run_on_uvloop
from app.configuration.settings import LogFormat
from app.observability.logging import configure_logging
from tests.benchmarks import report
from tests.benchmarks.contenders import OwnClient, open_contest
from tests.benchmarks.dataset import DEFAULT_DIRECTORY, open_dataset
from tests.benchmarks.ingest import measure_ingest
from tests.benchmarks.ingest_world import open_stand
from tests.benchmarks.insight_pages import Shape
from tests.benchmarks.orders_run import measure_orders
from tests.benchmarks.population import SCALES
from tests.benchmarks.rounds import run_rounds
from tests.benchmarks.tick import measure_ticks
from tests.benchmarks.workloads import WORKLOADS
from tests.benchmarks.wrk import find_wrk

if TYPE_CHECKING:
    from tests.benchmarks.contenders import Client

application = typer.Typer(
    help="Measures the API against what the database alone could do. See tests/benchmarks/README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Load(StrEnum):
    OWN = "own"
    WRK = "wrk"


ScaleOption = Annotated[str, typer.Option(help=f"Size of the data set: {' or '.join(SCALES)}.")]
SeedOption = Annotated[int, typer.Option(help="Another seed is another data set of the same size.")]
DirectoryOption = Annotated[Path, typer.Option("--data-dir", help="Where the benchmark's own servers keep their data.")]


@application.command()
def data(scale: ScaleOption = "full", seed: SeedOption = 1, directory: DirectoryOption = DEFAULT_DIRECTORY) -> None:
    """Make the data set, unless it is there."""
    with open_dataset(directory, SCALES[scale], seed) as dataset:
        took = "was there" if dataset.made_in is None else f"made in {dataset.made_in:.1f} s"
        typer.echo(f"{dataset.rows:,} daily rows of {SCALES[scale].entities:,} entities: {took}.")


@application.command()
def run(
    scale: ScaleOption = "full",
    seed: SeedOption = 1,
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    rounds: Annotated[int, typer.Option(min=1, help="Each round measures everything once.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each measurement takes.")] = 3.0,
    connections: Annotated[str, typer.Option(help="How many at a time, comma separated.")] = "1,16",
    load: Annotated[
        Load, typer.Option(help="What puts the load on: our own client, or wrk where installed.")
    ] = Load.OWN,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of tables.")] = False,
) -> None:
    """Measure the product and the floors, round by round."""
    client = _client(load)
    with (
        open_dataset(directory, SCALES[scale], seed) as dataset,
        open_contest(dataset, seed, WORKLOADS, client, directory / "logs") as contest,
    ):
        found = run_rounds(
            contest.contenders,
            WORKLOADS,
            [int(count) for count in connections.split(",")],
            rounds=rounds,
            seconds=seconds,
            tell=lambda line: typer.echo(line, err=True),
        )
        if as_json:
            results = report.as_json(dataset, contest.facts, found, client=client.name)
            typer.echo(orjson.dumps(results, option=orjson.OPT_INDENT_2))
        else:
            report.print_tables(dataset, contest.facts, found, client=client.name)


@application.command()
def orders(
    scale: ScaleOption = "orders",
    seed: SeedOption = 1,
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    rounds: Annotated[int, typer.Option(min=1, help="Each round asks everything once.")] = 5,
) -> None:
    """Sort and filter the 4,000 ads of one seller by metrics, over 7 to 365 days; check and time every answer."""
    with open_dataset(directory, SCALES[scale], seed) as dataset:
        tell = partial(typer.echo, err=True)
        found = asyncio.run(measure_orders(dataset, seed, directory / "logs", rounds=rounds, tell=tell))
        report.print_orders(dataset, found)


@application.command()
def ingest(
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    rounds: Annotated[int, typer.Option(min=1, help="Each round writes a week once, and copies one.")] = 5,
    ads: Annotated[int, typer.Option(min=100, help="Ads of all accounts, rounded up to whole campaigns of 50.")] = 7150,
    accounts: Annotated[int, typer.Option(min=1, max=5, help="Accounts done at once, as in a worker's slots.")] = 1,
    history: Annotated[int, typer.Option(min=1, help="Weeks that are written before any is counted.")] = 12,
) -> None:
    """Write 50,000 ad days from warm pages over HTTP, and COPY the same rows into the same tables."""
    configure_logging(process="benchmark", log_format=LogFormat.JSON, level="WARNING")
    shape = Shape(campaigns=-(-ads // accounts // 50), adsets=5, ads=10)
    with open_stand(directory, shape) as stand:
        tell = partial(typer.echo, err=True)
        report.print_ingest(
            run_on_uvloop(measure_ingest(stand, shape, accounts=accounts, history=history, rounds=rounds, tell=tell))
        )


@application.command()
def tick(
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    rounds: Annotated[int, typer.Option(min=1, help="Each round is a tick with changes and one without.")] = 5,
    sellers: Annotated[int, typer.Option(min=1, help="How many sellers are measured; 1,000 are extrapolated.")] = 20,
) -> None:
    """Cost of a tick of stats of sellers with 200 active ads each, a fifth of them changed."""
    configure_logging(process="benchmark", log_format=LogFormat.JSON, level="WARNING")
    shape = Shape(campaigns=4, adsets=5, ads=10)
    with open_stand(directory, shape) as stand:
        tell = partial(typer.echo, err=True)
        found = asyncio.run(measure_ticks(stand, shape, sellers=sellers, rounds=rounds, tell=tell))
        report.print_ticks(found, sellers)


def _client(load: Load) -> Client:
    if load is Load.OWN:
        return OwnClient()
    wrk = find_wrk()
    if wrk is None:
        raise typer.BadParameter("wrk is not installed", param_hint="--load")
    return wrk
