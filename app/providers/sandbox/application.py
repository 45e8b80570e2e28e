"""The sandbox as a Starlette application: HTTP in, Graph calls through, JSON out; the control endpoints beside them.

The access log of its server must stay off or be masked: as with Meta, the token stands in the query.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from app.providers.sandbox.call import GraphAnswer, GraphCall
from app.providers.sandbox.errors import GraphError, bad_parameter, unknown_path
from app.providers.sandbox.running import Sandbox
from app.providers.sandbox.script.spoiled import respond
from app.providers.sandbox.server.control import control_routes
from app.providers.sandbox.state.moved_clock import MovedClock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from app.providers.sandbox.script.faults import Fault
    from app.providers.sandbox.script.scenario import Scenario
    from app.providers.sandbox.world.worlds import World

_VERSION = re.compile(r"v\d+\.\d+")


def create_sandbox(
    world: World,
    *,
    state_path: Path | None = None,
    faults: Iterable[Fault] = (),
    scenario: Scenario | None = None,
) -> Starlette:
    """An application that serves the world; changes are kept in the file `state_path` if one is named.

    Raises SetupError when that file exists and can't be read.
    """
    sandbox = Sandbox(world, state_path=state_path)
    if scenario is not None:
        sandbox.load(scenario)
    sandbox.script.faults.arm(faults)

    async def serve_graph(request: Request) -> Response:
        try:
            answer = await sandbox.answer(await _read_call(request))
        except GraphError as error:
            answer = GraphAnswer(body=error.envelope(), status=error.http_status)
        return respond(answer)

    return Starlette(
        routes=[
            *control_routes(sandbox),
            Route("/{path:path}", serve_graph, methods=["GET", "POST", "DELETE"]),
        ],
        middleware=[Middleware(MovedClock, sandbox=sandbox)],
    )


async def _read_call(request: Request) -> GraphCall:
    params = dict(parse_qsl(request.url.query, keep_blank_values=True))
    if request.method == "POST":
        params |= await _read_body(request)
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    if not path or not _VERSION.fullmatch(path[0]):
        raise unknown_path("/".join(path))
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = params.pop("access_token", None) or (bearer.strip() if scheme.lower() in {"bearer", "oauth"} else None)
    override = params.pop("method", None) if request.method == "POST" else None
    return GraphCall(
        method=(override or request.method).upper(),
        version=path[0],
        path=path[1:],
        params=params,
        access_token=token,
        base_url=str(request.base_url).rstrip("/"),
        overrides_method=override is not None,
    )


async def _read_body(request: Request) -> dict[str, str]:
    """A form, or a JSON object whose nested values become the strings that a form would have."""
    body = await request.body()
    if not request.headers.get("content-type", "").startswith("application/json"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        document: object = json.loads(body or b"{}")
    except ValueError:
        raise bad_parameter("The request body is not valid JSON") from None
    if not isinstance(document, dict):
        raise bad_parameter("The request body must be a JSON object")
    items = cast("dict[str, object]", document).items()
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in items}
