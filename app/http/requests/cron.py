"""The hook for an external scheduler: POST /cron/{job} starts a job of the schedule now.

The secret is compared in constant time and never logged; if the settings have none, every request is refused.
The body is ignored.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, TypeAlias

from starlette.requests import Request

from app.database.deadline import until_deadline
from app.errors import NotFoundError
from app.http.requests.log_line import note_in_access_log
from app.http.requests.refusal import RequestRefused, json_response
from app.observability.logging import get_logger
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.configuration.settings import Settings

    # Starts a scheduled job by its name; returns the run. Raises NotFoundError.
    StartScheduled: TypeAlias = Callable[[str], Awaitable[UUID]]

__all__ = ["CronView", "StartScheduled", "has_cron_secret"]

_log = get_logger(__name__)


class CronView:
    """An ASGI application for the /cron/{job} route."""

    def __init__(self, *, start_of: Callable[[Request], StartScheduled], settings: Settings) -> None:
        self._start_of = start_of
        self._settings = settings
        self._seconds = settings.read_seconds  # it records one run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._start(Request(scope, receive))
        except RequestRefused as refusal:
            response = refusal.response()
        await response(scope, receive, send)

    async def _start(self, request: Request) -> Response:
        if request.method != "POST":
            raise RequestRefused(405, "Use POST.", headers={"Allow": "POST"})
        if not has_cron_secret(request.headers.get("authorization", ""), self._settings):
            challenge = {"WWW-Authenticate": 'Bearer realm="pixecom cron"'}
            raise RequestRefused(401, "The cron secret is needed.", code=ErrorCode.UNAUTHENTICATED, headers=challenge)
        job = request.path_params["job"]
        try:
            async with until_deadline(self._seconds):
                run_id = await self._start_of(request)(job)
        except NotFoundError as error:
            raise RequestRefused(404, str(error), code=ErrorCode.NOT_FOUND) from None
        note_in_access_log(request.scope, run_id=str(run_id))
        _log.info("external clock started a job", job=job, run_id=str(run_id))
        return json_response({"runId": str(run_id)}, status=202)


def has_cron_secret(header: str, settings: Settings) -> bool:
    """Whether an Authorization header has the cron secret."""
    scheme, _, given = header.partition(" ")
    wanted = settings.cron_secret.get_secret_value() if settings.cron_secret else ""
    # Compared even if something else is wrong, so that timing reveals nothing.
    same = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return same and wanted != "" and scheme.lower() == "bearer"
