"""Ids on the command line: those of the API (global ids) and those of logs and tables (UUIDs) mean the same.

What is printed is the API's, which every command and every operation takes.
"""

from __future__ import annotations

from uuid import UUID

import typer

RUN = "SyncRun"


def read_run_id(text: str | UUID) -> UUID:
    """The run that an option names; typer says what is wrong otherwise."""
    found = text if isinstance(text, UUID) else find_id(text, RUN)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not the id of a run, neither the API's nor a UUID.")
    return found


def find_id(text: str, type_name: str) -> UUID | None:
    """What a text means as an id of this type; None: it is none."""
    from app.errors import InputError
    from graphql_schema.global_id import read_id

    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return read_id(text, type_name, "id")
    except InputError:
        return None


def run_name(run_id: UUID) -> str:
    """A run's id as it is printed."""
    from graphql_schema.global_id import global_id

    return global_id(RUN, run_id)
