"""The control endpoints under /sandbox: what tests and people script, release and look at while the sandbox runs.

`faults`, `throttles`, `usage`, `reports`, `limits` and `tokens` take one object or a list (POST), forget what is
scripted (DELETE) and tell what there is (GET). `throttles/release?account=act_…` ends throttles,
`tokens/renew?owner=act_…` gives a token a new value (that of the body's `token`, or a made-up one) and answers it,
`calls` counts what was asked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol, TypeVar

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.providers.sandbox.faults import Fault
from app.providers.sandbox.limits import Limit
from app.providers.sandbox.reading import read_each
from app.providers.sandbox.report_plans import ReportPlan
from app.providers.sandbox.stated_usage import StatedUsage
from app.providers.sandbox.throttles import Throttle
from app.providers.sandbox.token_script import TokenRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from app.providers.sandbox.running import Sandbox

Value = TypeVar("Value")
Scripted_contra = TypeVar("Scripted_contra", contravariant=True)


class _Scriptable(Protocol[Scripted_contra]):
    def arm(self, values: Sequence[Scripted_contra], /) -> None: ...

    def clear(self) -> None: ...


def control_routes(sandbox: Sandbox) -> Sequence[Route]:
    """The routes over one running sandbox."""
    script = sandbox.script

    async def release(request: Request) -> Response:
        script.throttles.release(request.query_params.get("account"))
        return JSONResponse({"meters": script.throttles.describe()})

    async def serve_calls(_request: Request) -> Response:
        return JSONResponse(sandbox.usage.counts())

    async def renew(request: Request) -> Response:
        """The one answer that shows a token: the new value, which only its holder would know."""
        owner = request.query_params.get("owner", "")
        caller = sandbox.graph.tokens.find_owner(owner)
        if caller is None:
            return JSONResponse({"error": f"There is no account act_… or page {owner}."}, status_code=400)
        document = json.loads(await request.body() or b"{}")
        return JSONResponse({"token": script.tokens.renew(caller.original, caller.owners, document.get("token"))})

    return [
        _scripted("faults", Fault, script.faults, lambda: {"armed": script.faults.armed}),
        _scripted("throttles", Throttle, script.throttles, lambda: {"meters": script.throttles.describe()}),
        _scripted("usage", StatedUsage, script.usage, lambda: {"armed": script.usage.armed}),
        _scripted("reports", ReportPlan, script.reports, lambda: {"reports": sandbox.graph.reports.describe()}),
        _scripted("tokens", TokenRule, script.tokens, lambda: {"tokens": script.tokens.describe()}),
        _scripted("limits", Limit, script.limits, lambda: {"armed": script.limits.armed}),
        Route("/sandbox/throttles/release", release, methods=["POST"]),
        Route("/sandbox/tokens/renew", renew, methods=["POST"]),
        Route("/sandbox/calls", serve_calls),
    ]


def _scripted(
    name: str,
    kind: type[Value],
    script: _Scriptable[Value],
    tell: Callable[[], Mapping[str, object]],
) -> Route:
    async def serve(request: Request) -> Response:
        if request.method == "DELETE":
            script.clear()
        elif request.method == "POST":
            try:
                document: object = json.loads(await request.body())
                script.arm(read_each(kind, document))
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(tell())

    return Route(f"/sandbox/{name}", serve, methods=["GET", "POST", "DELETE"])
