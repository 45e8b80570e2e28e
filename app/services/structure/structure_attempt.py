"""The structure sync that statistics would like to have, and do without where the platform refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import ProviderTransientError, RequestRefusedError, TooMuchDataError
from app.observability.logging import get_logger
from app.services.structure.placement import LEFT_OUT
from app.services.structure.structure_sync import sync_structure
from app.vocabulary import Subject

if TYPE_CHECKING:
    from datetime import datetime

    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.lease import Lease

log = get_logger(__name__)


async def try_structure(services: Services, connection: Connection, lease: Lease, *, since: datetime) -> None:
    """As `sync_structure`; a platform that refuses is noted. Raises ProviderError where another try may help."""
    try:
        await sync_structure(services, connection, lease, since=since)
    except (RequestRefusedError, ProviderTransientError, TooMuchDataError) as error:
        if not isinstance(error, RequestRefusedError) and not lease.is_last_try:
            raise
        log.warning("fetching numbers without the account's structure", reason=str(error))
        lease.warnings.note(Subject.LISTING, f"The account could not be read; what was known of it stays. {error}")


def misses_listings(lease: Lease) -> bool:
    """Whether this job has met a listing that the platform does not give, or something in it that has no place."""
    return any(
        warning.subject is Subject.LISTING or warning.sentence in LEFT_OUT for warning in lease.warnings.list_warnings()
    )
