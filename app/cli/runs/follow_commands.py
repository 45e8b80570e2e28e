"""The commands that follow, cancel and resume a run, to be pasted: `backfill` for a backfill, `sync` for any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.printing.pasting import pasted
from app.cli.process.identifiers import run_name
from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from uuid import UUID


def follow_command(run_id: UUID) -> str:
    return pasted("sync", "--follow", run_name(run_id))


def cancel_command(run_id: UUID, origin: RunOrigin) -> str:
    return pasted(_command_of(origin), "--cancel", run_name(run_id))


def resume_command(run_id: UUID, origin: RunOrigin) -> str:
    return pasted(_command_of(origin), "--resume", run_name(run_id))


def _command_of(origin: RunOrigin) -> str:
    return "backfill" if origin is RunOrigin.BACKFILL else "sync"
