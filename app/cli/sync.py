"""`pixecom sync`: a sync of the running development instance, now."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # typer reads the annotations while running
from pathlib import Path  # noqa: TC003  # likewise
from typing import Annotated

import typer

from app.cli.places import DEFAULT_DATA
from app.errors import SetupError

_DAY = ["%Y-%m-%d"]


def sync(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all of it has ended, with a progress line.")] = False,
    data_dir: Annotated[Path, typer.Option(help="The data directory of the instance.")] = DEFAULT_DATA,
    seller: Annotated[
        str | None, typer.Option(help="The slug of the one seller to sync; all of them otherwise.")
    ] = None,
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day, in each account's zone; needs --to.")
    ] = None,
    last_day: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last day, included; needs --from.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Sync ad statistics now; without dates, over the days that still move.

    Exit code 0 if all jobs succeeded (without --wait: were accepted), 1 otherwise.
    """
    if (first_day is None) != (last_day is None):
        raise SetupError("--from and --to are given together, or neither.")
    from app.cli.instance import join_instance
    from app.cli.loop import run_on_uvloop

    join_instance(data_dir)
    from sqlalchemy.exc import DBAPIError

    from app.cli.sync_run import SyncRequest, sync_now

    request = SyncRequest(
        seller_slug=seller,
        from_date=first_day.date() if first_day else None,
        to_date=last_day.date() if last_day else None,
        wait=wait,
        as_json=as_json,
    )
    try:
        complete = run_on_uvloop(sync_now(request))
    except (OSError, DBAPIError) as error:
        raise SetupError(f"The instance's database does not answer ({type(error).__name__}); is it still up?") from None
    raise typer.Exit(0 if complete else 1)
