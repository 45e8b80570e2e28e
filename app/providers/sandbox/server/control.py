"""The control endpoints under /sandbox: what tests and people script, release and look at while the sandbox runs.

`faults`, `throttles`, `usage`, `reports`, `limits`, `tokens`, `restatements`, `unlisted`, `currencies` and `oddities`
take one object or a list (POST), forget what is scripted (DELETE) and tell what there is (GET). So does `app`, whose
last object holds: `{"upgrades_versions": false}` refuses expired versions, `{"is_new": true}` what Meta refuses new
apps. `scenario` takes all of it at once, as JSON or TOML, in place of what was scripted before.
`throttles/release?account=act_…` ends throttles. `tokens/renew?owner=act_…` gives a token a new value (the body's
`token`, or a made-up one) and answers it. `clock` moves the sandbox's time. `calls` counts what was asked and DELETE
forgets it; `calls/log?after=…&account=act_…` tells every call.
`/sandbox` itself lists all of them.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, cast

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import clock
from app.errors import SetupError
from app.providers.sandbox.script.scenario import Scenario, read_scenario
from app.providers.sandbox.server.control_scripts import script_routes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from app.providers.sandbox.running import Sandbox


def control_routes(sandbox: Sandbox) -> Sequence[Route]:
    """All control endpoints of one running sandbox."""
    control = _Control(sandbox)
    return [
        Route("/sandbox", control.list_endpoints),
        *script_routes(sandbox),
        Route("/sandbox/scenario", control.serve_scenario, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/clock", control.move_clock, methods=["GET", "POST"]),
        Route("/sandbox/throttles/release", control.release_throttles, methods=["POST"]),
        Route("/sandbox/tokens/renew", control.renew_token, methods=["POST"]),
        Route("/sandbox/calls", control.serve_calls, methods=["GET", "DELETE"]),
        Route("/sandbox/calls/log", control.serve_log),
    ]


class _Control:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def list_endpoints(self, _request: Request) -> Response:
        """Where everything is, for people who look around."""
        endpoints = {route.path: sorted(route.methods or ()) for route in control_routes(self._sandbox)}
        return JSONResponse({"endpoints": endpoints, "explained_in": "app/providers/sandbox/server/control.py"})

    async def serve_scenario(self, request: Request) -> Response:
        """Load one, or unload it: then the sandbox is as it began, but for what clients changed."""
        try:
            if request.method == "POST":
                self._sandbox.load(read_scenario(await _read_document(request)))
            elif request.method == "DELETE":
                self._sandbox.load(Scenario())
        except (ValueError, SetupError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        accounts = [f"act_{account_id}" for account_id in self._sandbox.graph.zones]
        return JSONResponse({"name": self._sandbox.scenario.name, "accounts": accounts})

    async def move_clock(self, request: Request) -> Response:
        """`now` is the time of the request, before the move."""
        if request.method == "POST":
            document = await _read_document(request)
            offset = (
                cast("Mapping[str, object]", document).get("offset_seconds") if isinstance(document, dict) else None
            )
            if not isinstance(offset, int | float):
                return JSONResponse({"error": "offset_seconds must be a number"}, status_code=400)
            self._sandbox.clock_offset_seconds = float(offset)
        return JSONResponse(
            {"offset_seconds": self._sandbox.clock_offset_seconds, "now": clock.now().isoformat()},
        )

    async def release_throttles(self, request: Request) -> Response:
        throttles = self._sandbox.script.throttles
        throttles.release(request.query_params.get("account"))
        return JSONResponse({"meters": throttles.describe()})

    async def renew_token(self, request: Request) -> Response:
        """The one answer that shows a token: the new value, which only its holder would know."""
        owner = request.query_params.get("owner", "")
        caller = self._sandbox.graph.tokens.find_owner(owner)
        if caller is None:
            return JSONResponse({"error": f"There is no account act_… or page {owner}."}, status_code=400)
        document = json.loads(await request.body() or b"{}")
        renewed = self._sandbox.script.tokens.renew(caller.original, caller.owners, document.get("token"))
        return JSONResponse({"token": renewed})

    async def serve_calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._sandbox.forget_calls()
        return JSONResponse(self._sandbox.usage.counts())

    async def serve_log(self, request: Request) -> Response:
        asked = request.query_params
        after = asked.get("after", "0")
        if not after.isdecimal():
            return JSONResponse({"error": "after must be the number of a call"}, status_code=400)
        calls = self._sandbox.log.list_calls(after=int(after), account=asked.get("account"))
        return JSONResponse({"calls": calls})


async def _read_document(request: Request) -> object:
    """JSON, or TOML where the request says so; raises ValueError for what is neither."""
    body = await request.body()
    if "toml" in request.headers.get("content-type", ""):
        return tomllib.loads(body.decode())
    return json.loads(body)
