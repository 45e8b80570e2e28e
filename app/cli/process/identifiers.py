"""Ids on the command line: those of the API (global ids) and those of logs and tables (UUIDs) mean the same.

Every command takes either. Text shows the API's, which every operation takes too. In JSON `id` and names that end in
`Id` are the API's; a bare noun, such as `run` or `entity`, is the UUID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import typer

if TYPE_CHECKING:
    from app.metrics.levels import Level
    from app.vocabulary import ConnectionKind

RUN = "SyncRun"
_CONNECTIONS = {"AD_ACCOUNT": "AdAccount", "PAGE": "Page"}
_ENTITIES = {"ACCOUNT": "AdAccount", "CAMPAIGN": "Campaign", "ADSET": "Adset", "AD": "Ad"}


def read_run_id(text: str | UUID) -> UUID:
    """The run that an option names; typer says what is wrong otherwise."""
    found = text if isinstance(text, UUID) else find_id(text, RUN)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not the id of a run, neither the API's nor a UUID.")
    return found


def find_id(text: str, type_name: str) -> UUID | None:
    """The id of this type that a text means, or None."""
    from app.errors import InputError
    from graphql_schema.types.global_id import read_id

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
    return api_id(RUN, run_id)


def connection_name(kind: ConnectionKind, connection_id: UUID) -> str | None:
    """A connection's id as it is printed; None for a kind that the API does not have."""
    return api_id(_CONNECTIONS[kind], connection_id) if kind in _CONNECTIONS else None


def entity_name(level: Level, entity_id: UUID) -> str:
    """The id of an account, a campaign, an ad set or an ad as it is printed."""
    return api_id(_ENTITIES[level.name], entity_id)


def api_id(type_name: str, identifier: UUID) -> str:
    """The API's id of a thing of this type."""
    from graphql_schema.types.global_id import global_id

    return global_id(type_name, identifier)
