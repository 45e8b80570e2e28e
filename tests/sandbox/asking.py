"""Asking a sandbox in the same process, at an instant that the test chooses."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httpx

from app import clock
from app.providers.sandbox.application import create_sandbox
from tests.sandbox.small_world import NOW, TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import datetime
    from pathlib import Path

    from app.providers.sandbox.script.faults import Fault
    from app.providers.sandbox.script.scenario import Scenario
    from app.providers.sandbox.world.worlds import World

BASE_URL = "http://graph.test"


@dataclass(slots=True)
class Asking:
    """Parameters that are no strings are sent as JSON, as clients do."""

    client: httpx.AsyncClient
    token: str | None
    at: datetime

    async def call(
        self,
        method: str,
        path: str,
        /,
        **params: object,
    ) -> httpx.Response:
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        own = {"access_token": self.token} if self.token is not None else {}
        with clock.frozen(self.at):
            if method == "POST":
                return await self.client.post(path, params=own, data=sent)
            return await self.client.request(method, path, params=own | sent)

    async def control(self, method: str, path: str, document: object = None, **params: str) -> dict[str, object]:
        """The answer of a control endpoint under /sandbox, which must take the document."""
        content = json.dumps(document) if document is not None else None
        with clock.frozen(self.at):
            response = await self.client.request(method, f"/sandbox/{path}", params=params, content=content)
        assert response.status_code == 200, response.text
        return cast("dict[str, object]", response.json())

    async def get(self, path: str, **params: object) -> dict[str, object]:
        """The body of a GET under v27.0 that must succeed."""
        response = await self.call("GET", f"/v27.0/{path}", **params)
        assert response.status_code == 200, response.text
        return cast("dict[str, object]", response.json())

    async def rows(self, path: str, **params: object) -> list[dict[str, object]]:
        """The `data` of one page."""
        return cast("list[dict[str, object]]", (await self.get(path, **params))["data"])

    async def ids(self, path: str, **params: object) -> list[object]:
        return [row["id"] for row in await self.rows(path, **params)]

    async def refusal(self, method: str, path: str, /, **params: object) -> tuple[int, dict[str, object]]:
        """HTTP status and error of a call that must fail, without the random trace id."""
        response = await self.call(method, path, **params)
        error = cast("dict[str, object]", response.json()["error"])
        assert str(error.pop("fbtrace_id")).startswith("A")
        return response.status_code, error


@asynccontextmanager
async def asking(
    world: World,
    *,
    token: str | None = TOKEN,
    at: datetime = NOW,
    state_path: Path | None = None,
    faults: Iterable[Fault] = (),
    scenario: Scenario | None = None,
) -> AsyncGenerator[Asking]:
    with clock.frozen(at):
        application = create_sandbox(world, state_path=state_path, faults=faults, scenario=scenario)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield Asking(client, token, at)
