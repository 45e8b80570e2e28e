"""The control endpoints of what is scripted: POST arms one object or a list, DELETE forgets all, GET tells."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, TypeVar

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.providers.sandbox.rules.app_rules import AppRules
from app.providers.sandbox.rules.limits import Limit
from app.providers.sandbox.script.currency_changes import CurrencyChange
from app.providers.sandbox.script.faults import Fault
from app.providers.sandbox.script.oddities import Oddity
from app.providers.sandbox.script.reading import read_each
from app.providers.sandbox.script.report_plans import ReportPlan
from app.providers.sandbox.script.restatements import Restatement
from app.providers.sandbox.script.stated_usage import StatedUsage
from app.providers.sandbox.script.throttles import Throttle
from app.providers.sandbox.script.token_script import TokenRule
from app.providers.sandbox.script.unlisted import Unlisting
from app.providers.sandbox.script.walk_troubles import EndlessPages, SpoiltObject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from app.providers.sandbox.running import Sandbox

Value = TypeVar("Value")
Scripted_contra = TypeVar("Scripted_contra", contravariant=True)


class _Scriptable(Protocol[Scripted_contra]):
    def arm(self, values: Sequence[Scripted_contra], /) -> None: ...

    def clear(self) -> None: ...


def script_routes(sandbox: Sandbox) -> Sequence[Route]:
    """One route for each kind of scripted thing."""
    script = sandbox.script

    def tell_days() -> Mapping[str, object]:
        return {"days": script.restatements.describe(sandbox.graph.zones)}

    return [
        _route(
            "app",
            AppRules,
            script.app,
            lambda: {**asdict(script.app.rules), "dropped_fields": sorted(script.app.rules.dropped_fields)},
        ),
        _route("faults", Fault, script.faults, lambda: {"armed": script.faults.armed}),
        _route("throttles", Throttle, script.throttles, lambda: {"meters": script.throttles.describe()}),
        _route("usage", StatedUsage, script.usage, lambda: {"armed": script.usage.armed}),
        _route("reports", ReportPlan, script.reports, lambda: {"reports": sandbox.graph.reports.describe()}),
        _route("limits", Limit, script.limits, lambda: {"armed": script.limits.armed}),
        _route("tokens", TokenRule, script.tokens, lambda: {"tokens": script.tokens.describe()}),
        _route("restatements", Restatement, script.restatements, tell_days),
        _route("unlisted", Unlisting, script.unlisted, lambda: {"ids": sorted(script.unlisted.ids)}),
        _route("spoilt", SpoiltObject, script.spoilt, lambda: {"ids": sorted(script.spoilt.ids)}),
        _route("endless", EndlessPages, script.endless, lambda: {"armed": script.endless.armed}),
        _route("oddities", Oddity, script.oddities, lambda: {"armed": script.oddities.armed}),
        _route("currencies", CurrencyChange, script.currencies, lambda: {"armed": script.currencies.armed}),
    ]


def _route(
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
