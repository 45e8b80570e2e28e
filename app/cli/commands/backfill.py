"""`pixecom backfill`: fetch a history, or cancel or resume a run."""

from __future__ import annotations

from datetime import date  # typer reads the annotations while running
from typing import Annotated

import typer

from app.cli.commands.sync import Cancelled, Resumed, run_with_settings
from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.options import AsJson, ServersDirectory, read_day, wants_json
from app.errors import SetupError


def backfill(
    *,
    seller: Annotated[str | None, typer.Option(metavar="SELLER", help="The slug of the seller.")] = None,
    first_day: Annotated[
        date | None,
        typer.Option("--from", parser=read_day, metavar="DAY", help="First day, in each account's time zone."),
    ] = None,
    last_day: Annotated[
        date | None, typer.Option("--to", parser=read_day, metavar="DAY", help="Last day, included.")
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Only this ad account, by Meta's id or the API's; can be repeated. [default: all accounts]",
        ),
    ] = None,
    cancel: Cancelled = None,
    resume: Resumed = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every job has ended, with a progress bar.")] = False,
    data_dir: ServersDirectory = DEFAULT_DATA,
    as_json: AsJson = None,
) -> None:
    """Fetch a seller's history, or cancel or resume a run.

    A history needs --seller, --from and --to. The newest days are fetched first, in jobs of up to seven days, and the
    schedule's own work goes before them. The id of a run (RUN) is printed when it starts; `pixecom status` and the
    API's `syncRuns` list it too. As JSON, the outcome is one array, and progress is JSON lines on standard error.

    Exits 0 if all jobs succeeded (without --wait: were accepted), 1 otherwise. Ctrl-C leaves the run running.
    """
    asked = [seller is not None, cancel is not None, resume is not None]
    if sum(asked) != 1:
        raise SetupError("Give one of --seller (with --from and --to), --cancel and --resume.")
    if (seller is None) != (first_day is None) or (first_day is None) != (last_day is None):
        raise SetupError("Give --seller, --from and --to together.")
    if account and seller is None:
        raise SetupError("--account needs --seller.")
    is_json = wants_json(as_json)

    async def work() -> bool:
        from app.cli.runs.sync_run import SyncRequest, cancel_now, resume_now, sync_now
        from app.cli.runs.watching import Watch

        if cancel:
            print(await cancel_now(cancel, as_json=is_json))
            return True
        watch = Watch(title="Backfill", wait=wait, as_json=is_json)
        if resume:
            return await resume_now(resume, watch)
        request = SyncRequest(
            seller_slug=seller,
            from_date=first_day,
            to_date=last_day,
            account_names=account or (),
            is_backfill=True,
        )
        return await sync_now(request, watch)

    run_with_settings(work, data_dir)
