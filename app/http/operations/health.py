"""The routes by which load balancers ask whether the process lives (/livez) and whether it can serve (/readyz)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.http.operations.readiness import OK
from app.http.requests.refusal import json_response
from app.http.requests.turns import turn_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from app.http.operations.readiness import Readiness

__all__ = ["HEALTH_ROUTES", "livez", "readyz"]

HEALTH_ROUTES = ("/livez", "/readyz")


async def livez(_request: Request) -> Response:
    """The event loop turns. Nothing else is asked, so that a slow database never gets the process restarted."""
    return json_response({"status": "ok"})


def readyz(readiness: Readiness) -> Callable[[Request], Awaitable[Response]]:
    """200 when every check passes, otherwise 503 with the outcome of each; 503 too once the process is leaving."""

    async def ready(request: Request) -> Response:
        if readiness.is_leaving:
            return json_response({"status": "leaving"}, status=503)
        turn_of(request.scope).give_back()  # all who wait share one measurement, so none keeps another one waiting
        outcomes = await readiness.measure()
        is_ready = all(outcome == OK for outcome in outcomes.values())
        body = {"status": "ok" if is_ready else "unavailable", "checks": outcomes}
        return json_response(body, status=200 if is_ready else 503)

    return ready
