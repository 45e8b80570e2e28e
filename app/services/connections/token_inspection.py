"""Asking about a token as our app: that the platform refuses the app is kept as a finding about the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.errors import AppRefusedError
from app.observability.shortening import presentable
from app.queries.jobs.failing_work import (
    TOKEN_CHECK,
    WorkFailure,
    WorkKey,
    forget_app_refusals,
    is_app_refused,
    note_failure,
)
from app.services.jobs.failing_work import FIRST_PAUSE, LONGEST_PAUSE
from app.services.jobs.failure import FailureClass
from app.services.platform.provider_access import inspect_token

if TYPE_CHECKING:
    from app.providers.contract import TokenFacts
    from app.queries.connections.connections import Connection
    from app.services.context import Services


async def inspect_as_app(services: Services, connection: Connection) -> TokenFacts:
    """What `inspect_token` answers. An AppRefusedError is noted first; an accepted token ends the finding."""
    try:
        facts = await inspect_token(services, connection)
    except AppRefusedError as error:
        await _note(services, connection, error)
        raise
    if facts.is_valid:
        async with work_transaction(services.database.app) as driver:
            await forget_app_refusals(driver)
    return facts


async def is_held_back(services: Services) -> bool:
    """Whether the schedule leaves tokens unchecked for now: the platform refuses the app, whichever token it is."""
    async with work_transaction(services.database.app) as driver:
        return await is_app_refused(driver)


async def _note(services: Services, connection: Connection, error: AppRefusedError) -> None:
    failure = WorkFailure(
        error_class=FailureClass.REFUSED.value,
        error_code=error.code,
        reason=presentable(str(error)),
        is_outdated=True,
    )
    key = WorkKey(connection.seller_id, connection.id, TOKEN_CHECK)
    async with work_transaction(services.database.app) as driver:
        await note_failure(driver, key, failure, first_pause=FIRST_PAUSE, longest_pause=LONGEST_PAUSE)
