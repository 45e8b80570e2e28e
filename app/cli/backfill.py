"""`pixecom backfill`: fetch a history, call a run off, or go on with what one left undone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli.identifiers import read_run_id
from app.cli.places import DEFAULT_DATA
from app.cli.sync import DAY, run_at_instance
from app.errors import SetupError


def backfill(
    *,
    seller: Annotated[str | None, typer.Option(help="The slug of the seller.")] = None,
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="First day, in each account's zone.")
    ] = None,
    last_day: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day, included.")] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(help="An ad account, by the platform's id or the API's; may be repeated. All otherwise."),
    ] = None,
    cancel: Annotated[
        UUID | None,
        typer.Option(parser=read_run_id, metavar="RUN", help="Call this run off; what it fetched stays."),
    ] = None,
    resume: Annotated[
        UUID | None,
        typer.Option(
            parser=read_run_id,
            metavar="RUN",
            help="Do what this run, and those that went on with it, did not do.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all of it has ended, with a progress bar.")] = False,
    data_dir: Annotated[Path, typer.Option(help="The data directory of the instance.")] = DEFAULT_DATA,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outcome as JSON, and progress as JSON lines on standard error.")
    ] = False,
) -> None:
    """Fetch a seller's history: --seller, --from and --to; or change a run: --cancel or --resume.

    The id of a run (RUN) is printed when it is asked for; `pixecom status` and the API's `syncRuns` have it too.
    The newest days come first, in pieces of at most seven days, behind whatever the schedule asks for. Exit code 0 if
    all jobs succeeded (without --wait: were accepted), 1 otherwise. Ctrl-C leaves the run running.
    """
    asked = [seller is not None, cancel is not None, resume is not None]
    if sum(asked) != 1:
        raise SetupError("Say one of --seller (with --from and --to), --cancel or --resume.")
    if (seller is None) != (first_day is None) or (first_day is None) != (last_day is None):
        raise SetupError("--seller, --from and --to are given together.")
    if account and seller is None:
        raise SetupError("--account needs --seller.")

    async def work() -> bool:
        from app.cli.run_watching import Watch
        from app.cli.sync_run import SyncRequest, cancel_now, resume_now, sync_now

        if cancel:
            print(await cancel_now(cancel))
            return True
        watch = Watch(title="Backfill", wait=wait, as_json=as_json)
        if resume:
            return await resume_now(resume, watch)
        request = SyncRequest(
            seller_slug=seller,
            from_date=first_day.date() if first_day else None,
            to_date=last_day.date() if last_day else None,
            account_names=account or (),
            is_backfill=True,
        )
        return await sync_now(request, watch)

    run_at_instance(work, data_dir)
