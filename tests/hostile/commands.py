"""The command line: `python -m tests.hostile --help`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tests.hostile.catalogue import OPERATIONS, TWINS
from tests.hostile.installation import open_api
from tests.hostile.report import lines, summary, verdict
from tests.hostile.running import run as run_all

if TYPE_CHECKING:
    from tests.hostile.operation import Operation

application = typer.Typer(
    help="Hurts an api of its own and reports what others notice. See tests/hostile/README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

KindOption = Annotated[str | None, typer.Option(help="Only operations of this kind.")]
NameOption = Annotated[str | None, typer.Option(help="Only operations with this in their name.")]


def chosen(kind: str | None, name: str | None) -> list[Operation]:
    every = (*OPERATIONS, *TWINS)
    return [each for each in every if kind in {None, each.kind} and (name is None or name in each.name)]


@application.command("list")
def list_operations(kind: KindOption = None, name: NameOption = None) -> None:
    """Show the operations that there are."""
    for operation in chosen(kind, name):
        typer.echo(str(operation))


@application.command()
def run(
    kind: KindOption = None,
    name: NameOption = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the answer to an operation.")] = 20.0,
) -> None:
    """Send the operations to a real api, one after the other. Exits 1 if others notice more than they may."""
    operations = chosen(kind, name)
    if not operations:
        raise typer.BadParameter("there is no such operation")
    with tempfile.TemporaryDirectory(prefix="hostile-") as place, open_api(Path(place)) as api:
        found = run_all(
            api, operations, timeout=timeout, directory=Path(place), tell=lambda line: typer.echo(line, err=True)
        )
    typer.echo("\n".join([*lines(found), "", summary(found), *verdict(found)]))
    raise typer.Exit(bool(verdict(found)))
