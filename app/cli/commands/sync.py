"""`pixecom sync`: a sync, now; or follow, cancel or resume a run."""

from __future__ import annotations

from datetime import date  # typer reads the annotations while running
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.identifiers import read_run_id
from app.cli.process.options import AsJson, ServersDirectory, join_servers, read_day, wants_json
from app.errors import InputError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

_INTERRUPTED = 130  # 128 + SIGINT, as shells count

Cancelled = Annotated[
    UUID | None,
    typer.Option(parser=read_run_id, metavar="RUN", help="Cancel this run, and keep what it has fetched."),
]
Resumed = Annotated[
    UUID | None,
    typer.Option(parser=read_run_id, metavar="RUN", help="Retry what this run and its retries left undone."),
]


def sync(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every job has ended, with a progress bar.")] = False,
    data_dir: ServersDirectory = DEFAULT_DATA,
    seller: Annotated[
        str | None, typer.Option(metavar="SELLER", help="Sync only the seller with this slug. [default: all sellers]")
    ] = None,
    first_day: Annotated[
        date | None,
        typer.Option(
            "--from", parser=read_day, metavar="DAY", help="First day, in each account's time zone; needs --to."
        ),
    ] = None,
    last_day: Annotated[
        date | None, typer.Option("--to", parser=read_day, metavar="DAY", help="Last day, included; needs --from.")
    ] = None,
    follow: Annotated[
        UUID | None,
        typer.Option(parser=read_run_id, metavar="RUN", help="Don't start anything; wait for an existing run."),
    ] = None,
    cancel: Cancelled = None,
    resume: Resumed = None,
    as_json: AsJson = None,
) -> None:
    """Sync ad statistics now, or follow, cancel or resume a run.

    Without --from and --to, the days that can still change are synced. What can't be synced, such as an account with a
    dead token, is skipped and reported. The id of each run (RUN) is printed at once. As JSON, the outcome is one array,
    and progress is JSON lines on standard error.

    Exits 0 if all jobs succeeded (without --wait: were accepted), 1 otherwise. Ctrl-C leaves the run running.
    """
    if (first_day is None) != (last_day is None):
        raise SetupError("Give both --from and --to, or neither.")
    if sum(run is not None for run in (follow, cancel, resume)) + bool(seller or first_day) > 1:
        raise SetupError("Give one of --follow, --cancel and --resume, without --seller, --from and --to.")
    is_json = wants_json(as_json)

    async def work() -> bool:
        from app.cli.runs.sync_run import SyncRequest, cancel_now, follow_now, resume_now, sync_now
        from app.cli.runs.watching import Watch

        if cancel:
            print(await cancel_now(cancel, as_json=is_json))
            return True
        watch = Watch(title="Sync", wait=wait or follow is not None, as_json=is_json)
        if follow:
            return await follow_now(follow, watch)
        if resume:
            return await resume_now(resume, watch)
        request = SyncRequest(
            seller_slug=seller,
            from_date=first_day,
            to_date=last_day,
        )
        return await sync_now(request, watch)

    run_with_settings(work, data_dir)


def run_with_settings(work: Callable[[], Coroutine[None, None, bool]], data_dir: Path) -> None:
    """Do it on the servers of the environment or the running instance, and exit: 0 if it answers True, 1 if False."""
    from app.cli.process.loop import run_with_servers

    join_servers(data_dir)
    try:
        complete = run_with_servers(work())
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    except InputError as error:  # the API's names of arguments are the options' here
        raise SetupError(str(error).replace("input.", "--")) from None
    raise typer.Exit(0 if complete else 1)
