"""A stand-in for Meta's Graph host: a real HTTP server that answers what a test queued, and remembers the calls."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.patience import WalkPatience
from tests.providers.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

TOKEN = "EAAscriptedtoken0123456789abcdef"
APP_SECRET = "0123456789abcdef-app-secret"
VERSION = "v26.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    url: str


@dataclass(slots=True)
class ScriptedGraph:
    """`answer` queues the next answer, whatever is asked; a call with nothing queued is answered 599."""

    url: str = ""
    calls: list[RecordedCall] = field(default_factory=list[RecordedCall])
    _answers: deque[Response] = field(default_factory=deque[Response])

    def answer(self, body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._answers.append(Response(content, status_code=status, headers=dict(headers or {})))

    def answer_error(
        self,
        code: int,
        subcode: int | None = None,
        *,
        status: int = 400,
        message: str = "something happened",
        headers: Mapping[str, str] | None = None,
        is_transient: bool = False,
    ) -> None:
        error: dict[str, object] = {"message": message, "type": "OAuthException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        if is_transient:
            error["is_transient"] = True
        self.answer({"error": error}, status=status, headers=headers)

    def answer_pages(self, *pages: list[dict[str, object]]) -> None:
        """Pages as Meta sends them: `after` stands on the last one too, `next` does not."""
        for number, page in enumerate(pages, start=1):
            paging: dict[str, object] = {"cursors": {"before": f"b{number}", "after": f"cursor{number}"}}
            if number < len(pages):
                paging["next"] = f"{self.url}/elsewhere?access_token={TOKEN}&after=cursor{number}"
            self.answer({"data": page, "paging": paging})

    async def handle(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.calls.append(
            RecordedCall(
                method=request.method,
                path=request.url.path,
                query=dict(request.query_params),
                form=dict(parse_qsl(body)),
                headers=dict(request.headers),
                url=str(request.url),
            ),
        )
        return self._answers.popleft() if self._answers else Response("nothing queued", status_code=599)

    @property
    def unused(self) -> int:
        return len(self._answers)

    def reset(self) -> None:
        self.calls.clear()
        self._answers.clear()


@pytest_asyncio.fixture(scope="session")
async def graph_server() -> AsyncIterator[ScriptedGraph]:
    scripted = ScriptedGraph()
    application = Starlette(routes=[Route("/{path:path}", scripted.handle, methods=["GET", "POST", "DELETE"])])
    async with serving(application) as url:
        scripted.url = url
        yield scripted


@pytest.fixture
def graph(graph_server: ScriptedGraph) -> ScriptedGraph:
    graph_server.reset()
    return graph_server


@pytest_asyncio.fixture(scope="session")
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


@pytest.fixture
def meta(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> MetaProvider:
    return MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version=VERSION,
        account_external_id="act_1001",
        access_token=SecretStr(TOKEN),
        currency="USD",
        patience=WalkPatience(retry_pause=0),
    )


@pytest.fixture
def meta_with_proof(graph: ScriptedGraph, http_client: httpx.AsyncClient) -> MetaProvider:
    return MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version=VERSION,
        account_external_id="1001",
        access_token=SecretStr(TOKEN),
        app_secret=SecretStr(APP_SECRET),
        patience=WalkPatience(retry_pause=0),
    )
