"""Warnings of syncs, written straight into the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from app.identifiers import new_id
from tests.graphql_schema.page_world import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from tests.graphql_schema.small_world import Tenant

ODD = "The ad has no name; its id is shown instead."


async def add_warning(
    tenant: Tenant,
    connection: UUID,
    *,
    sentence: str = ODD,
    source: str = "INSIGHTS",
    day: date | None = None,
    things: int = 1,
    ids: Sequence[str] = ("7",),
    at: datetime = NOON,
) -> None:
    examples = [{"id": each, "found": "x"} for each in ids]
    await tenant.world.insert(
        "sync_warnings",
        {
            "seller_id": tenant.seller_id,
            "id": new_id(),
            "connection_id": connection,
            "job_id": new_id(),
            "source": source,
            "level": 3 if source == "INSIGHTS" else None,
            "subject": "AD",
            "sentence": sentence,
            "stat_date": day,
            "things": things,
            "examples": orjson.dumps(examples).decode(),
            "first_seen_at": at,
            "last_seen_at": at,
        },
    )


async def add_ended_job(
    tenant: Tenant, *, warnings: Sequence[dict[str, object]] | None, key: str = "ended", ended: bool = True
) -> UUID:
    """A stats job of ads, with the warnings in its result."""
    job = new_id()
    columns: dict[str, Any] = {
        "id": job,
        "seller_id": tenant.seller_id,
        "kind": "stats",
        "key": key,
        "unit": '{"level": "AD", "from": "2026-03-08", "to": "2026-03-09"}',
        "state": "SUCCEEDED" if ended else "RUNNING",
        "result": None if warnings is None else orjson.dumps({"warnings": warnings}).decode(),
        "ended_at": NOON if ended else None,
        "run_at": NOON,
        "created_at": NOON,
        "coalesces": False,
        "cancel_requested": False,
        "pause_scopes": list[str](),
        **dict.fromkeys(("priority", "attempt", "tries", "losses", "rows_written"), 0),
        "max_tries": 3,
    }
    await tenant.world.insert("jobs", columns)
    return job


def kept(sentence: str = ODD, *, day: str | None = None, things: int = 1) -> dict[str, object]:
    """A warning as a job's result has it."""
    return {
        "subject": "AD",
        "sentence": sentence,
        "stat_date": day,
        "things": things,
        "examples": [{"id": "7", "found": None}],
    }
