"""The results, for people as tables and for machines as JSON; with the versions they belong to."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from app.clock import now
from tests.benchmarks.rounds import Case, outcomes
from tests.benchmarks.tick import EXTRAPOLATED, TickCost
from tests.benchmarks.workloads import W1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.benchmarks.dataset import Dataset
    from tests.benchmarks.ingest import IngestResult
    from tests.benchmarks.orders_run import Case as OrderCase
    from tests.benchmarks.orders_run import Outcome as OrderOutcome
    from tests.benchmarks.rounds import Outcome, Rounds

PACKAGES = ("strawberry-graphql", "graphql-core", "sqlalchemy", "asyncpg", "orjson", "uvicorn", "uvloop")
OLD_BAR_MS = 500
WIDTH = 110


def as_json(dataset: Dataset, facts: dict[str, dict[str, int]], rounds: Rounds, *, client: str) -> dict[str, Any]:
    """Everything: what was measured on what, the medians, and each measurement."""
    return {
        "measured_at": now().isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "architecture": platform.machine()},
        "versions": versions(dataset),
        "data": {"scale": dataset.scale.name, "daily_rows": dataset.rows, "made_in_seconds": dataset.made_in},
        "client": client,
        "workloads": facts,
        "results": [
            {
                "workload": case.workload,
                "connections": case.connections,
                "medians": [outcome._asdict() for outcome in outcomes(of_case)],
                "measurements": {name: [result.as_json() for result in found] for name, found in of_case.items()},
            }
            for case, of_case in rounds.items()
        ],
    }


def versions(dataset: Dataset) -> dict[str, str]:
    found = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "postgresql": dataset.postgres_version, **found}


def print_tables(dataset: Dataset, facts: dict[str, dict[str, int]], rounds: Rounds, *, client: str) -> None:
    console = Console(width=WIDTH)
    named = ", ".join(f"{name} {number}" for name, number in versions(dataset).items())
    console.print(f"{now():%Y-%m-%d}, {os.cpu_count()} cores; {dataset.rows:,} daily rows; load: {client}; {named}")
    for case, of_case in rounds.items():
        counted = facts[case.workload]
        title = (
            f"{case.workload}, {case.connections} at a time; a request of the product: "
            f"{counted['statements']} statements, {counted['round_trips']} round trips to the database"
        )
        console.print(_table(title, outcomes(of_case)))
    alone = rounds.get(Case(W1.name, 1))
    if alone:
        latency = next(outcome.p50_ms for outcome in outcomes(alone) if outcome.contender == "product")
        console.print(f"{W1.meaning}, one at a time: {latency:.0f} ms (median); the old bar was {OLD_BAR_MS} ms.")


def _table(title: str, compared: list[Outcome]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in ("requests/s", "/ floor a", "/ floor b", "p50 ms", "p99 ms", "server CPU ms", "client CPU"):
        table.add_column(heading, justify="right")
    for one in compared:
        share = "" if one.client_cpu_share is None else f"{one.client_cpu_share:.0%}"
        table.add_row(
            one.contender,
            f"{one.rate:.1f}",
            f"{one.to_a:.2f}",
            f"{one.to_b:.2f}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.server_cpu_ms:.1f}",
            share,
        )
    return table


def print_orders(dataset: Dataset, found: Mapping[OrderCase, OrderOutcome]) -> None:
    """A table for each question: the request, then its statements in the database."""
    console = Console(width=WIDTH)
    named = ", ".join(f"{name} {number}" for name, number in versions(dataset).items())
    console.print(f"{now():%Y-%m-%d}, {os.cpu_count()} cores; {dataset.rows:,} daily rows; {named}")
    for question in dict.fromkeys(question for question, _ in found):
        of_question = {days: outcome for (asked, days), outcome in found.items() if asked == question}
        console.print(_orders_table(question.name, of_question))


def _orders_table(title: str, of_question: dict[int, OrderOutcome]) -> Table:
    table = Table(title=f"{title}; medians in ms", title_justify="left")
    purposes = list(next(iter(of_question.values())).medians)
    for heading in ("days", "request", "in the database", *purposes):
        table.add_column(heading, justify="right")
    for days, outcome in of_question.items():
        medians = outcome.medians
        shown = (median(outcome.http), sum(medians.values()), *(medians[purpose] for purpose in purposes))
        table.add_row(str(days), *(f"{value:.1f}" for value in shown))
    return table


def print_ingest(found: IngestResult) -> None:
    """The medians, and how near the product comes to a bare COPY."""
    typer.echo(f"{found.ad_days:,} ad days ({found.rows:,} daily rows) a round, {len(found.turns)} rounds, medians")
    typer.echo("| | ad days/s | seconds | CPU s of the product | product / floor |\n|---|---|---|---|---|")
    product, cpu, from_bytes, from_rows = (median(column) for column in zip(*found.turns, strict=True))
    typer.echo(f"| product | {found.rate(product):,.0f} | {product:.2f} | {cpu:.2f} | |")
    ratio = found.ratio_to_bytes
    typer.echo(f"| floor: COPY of bytes | {found.rate(from_bytes):,.0f} | {from_bytes:.2f} | | {ratio:.2f} |")
    ratio = found.ratio_to_rows
    typer.echo(f"| floor: COPY of rows, asyncpg | {found.rate(from_rows):,.0f} | {from_rows:.2f} | | {ratio:.2f} |")


def print_ticks(found: Mapping[str, TickCost], sellers: int) -> None:
    """What a tick of the sample cost, and what one of 1,000 sellers would, by multiplication."""
    typer.echo(f"a tick of {sellers} sellers, medians; in brackets for {EXTRAPOLATED:,} sellers, multiplied")
    typer.echo(
        "| | rows written | WAL | worker CPU | PostgreSQL CPU | one after the other |\n|---|---|---|---|---|---|"
    )
    for name, cost in found.items():
        many = TickCost(*(each * EXTRAPOLATED for each in cost.per_seller(sellers)))
        typer.echo(
            f"| {name} | {cost.rows:,.0f} ({many.rows:,.0f})"
            f" | {cost.wal_bytes / 1e3:,.0f} kB ({many.wal_bytes / 1e6:,.0f} MB)"
            f" | {cost.cpu:.2f} s ({many.cpu:,.0f} s)"
            f" | {cost.database_cpu:.2f} s ({many.database_cpu:,.0f} s)"
            f" | {cost.seconds:.1f} s ({many.seconds:,.0f} s) |"
        )
