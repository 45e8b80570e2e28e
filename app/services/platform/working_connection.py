"""The connection of a job, fresh from the database: a job may have waited while it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction
from app.errors import RequestRefusedError
from app.queries.connections.connections import find_connection

if TYPE_CHECKING:
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services


async def get_working_connection(services: Services, job: ClaimedJob) -> Connection:
    """The job's connection. Raises RequestRefusedError when it is gone or no job of ours names it."""
    if job.seller_id is not None and job.connection_id is not None:
        async with tenant_transaction(services.database.app, job.seller_id) as driver:
            connection = await find_connection(driver, seller_id=job.seller_id, connection_id=job.connection_id)
        if connection is not None:
            return connection
    raise RequestRefusedError("the job's connection does not exist")
