"""Whether the process lives (/livez) and whether it can serve (/readyz).

Shows no details of a failure, which are in the log, except text that a check returns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from app.errors import PixecomError
from app.http.refusal import json_response
from app.observability.logging import get_logger
from app.patience import patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Check", "leaving", "livez", "readiness"]

Check: TypeAlias = "Callable[[], Awaitable[object]]"  # text that it returns is shown: ok, or what is wrong
DEADLINE_SECONDS = 2.0
_log = get_logger(__name__)


async def livez(_request: Request) -> Response:
    """The event loop turns. Nothing else is asked, so that a slow database never gets the process restarted."""
    return json_response({"status": "ok"})


def leaving() -> Response:
    """503: the process is shutting down. It still answers requests, but new clients should go elsewhere."""
    return json_response({"status": "leaving"}, status=503)


async def readiness(
    checks: Mapping[str, Check],
    *,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Response:
    """200 when every check returns within the deadline, otherwise 503; names each check with `ok` or what happened."""
    outcomes = await asyncio.gather(*(_outcome(name, check, deadline_seconds) for name, check in checks.items()))
    healthy = all(outcome == "ok" for outcome in outcomes)
    body = {"status": "ok" if healthy else "unavailable", "checks": dict(zip(checks, outcomes, strict=True))}
    return json_response(body, status=200 if healthy else 503)


async def _outcome(name: str, check: Check, deadline_seconds: float) -> str:
    try:
        async with patience(deadline_seconds):
            answer = await check()
    except TimeoutError:
        _log.warning("readiness check ran out of time", check=name, seconds=deadline_seconds)
        return "timeout"
    except Exception as error:  # noqa: BLE001  # whatever a driver raises means "not ready"
        reason = str(error) if isinstance(error, PixecomError) else None  # a driver's text may show an address
        _log.warning("readiness check failed", check=name, error=type(error).__name__, reason=reason)
        return "failed"
    return answer if isinstance(answer, str) else "ok"
