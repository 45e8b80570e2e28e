"""What Prometheus may read of this process: requests, GraphQL operations, error codes. Labels have few values."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram
from starlette.applications import Starlette
from starlette.routing import Route

from app.observability.disk_gauges import disk_gauges
from app.serving.exposition import Exposition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.http.operations.readiness import Readiness

__all__ = [
    "CLIENT_GONE",
    "OPEN_SOCKETS",
    "MetricsMiddleware",
    "metrics_application",
    "observe_errors",
    "observe_operation",
]

CLIENT_GONE = 499  # as nginx counts a request that its client has given up
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter("pixecom_http_requests", "HTTP requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "pixecom_http_request_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["method", "route"],
    buckets=_SECONDS,
)
OPERATION_SECONDS = Histogram(
    "pixecom_graphql_operation_seconds",
    "Time of a GraphQL operation, parsing included.",
    ["operation_type"],
    buckets=_SECONDS,
)
ERRORS = Counter("pixecom_graphql_errors", "GraphQL errors given to clients, by code.", ["code"])
OPEN_SOCKETS = Gauge("pixecom_graphql_sockets", "WebSockets that are open for subscriptions.")


def observe_operation(*, kind: str, seconds: float, codes: Sequence[str]) -> None:
    """Count one GraphQL operation and the codes of its errors."""
    OPERATION_SECONDS.labels(kind).observe(seconds)
    observe_errors(codes)


def observe_errors(codes: Sequence[str]) -> None:
    """Count the codes of errors that a client was given."""
    for code in codes:
        ERRORS.labels(code).inc()


def metrics_application(readiness: Readiness, *, data_directory: Path | None = None) -> Starlette:
    """The application for the metrics port, which outsiders can't reach.

    What it shows includes readiness, and the free space of the disk of `data_directory`, if that is known.
    """
    disk = disk_gauges(data_directory)

    async def measure() -> None:
        await readiness.measure()
        await disk.refresh()

    return Starlette(routes=[Route("/metrics", Exposition(measure).answer)])


class MetricsMiddleware:
    """Counts and times every HTTP request; paths without a route are counted as `other`."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[str]) -> None:
        self._app = app
        self._routes = tuple(sorted(routes, key=len, reverse=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
            status = status or CLIENT_GONE
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._route(scope["path"])
            REQUESTS.labels(method, route, str(status or 500)).inc()
            REQUEST_SECONDS.labels(method, route).observe(time.perf_counter() - started)

    def _route(self, path: str) -> str:
        return next((route for route in self._routes if path == route or path.startswith(f"{route}/")), "other")
