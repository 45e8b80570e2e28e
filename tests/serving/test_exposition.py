"""What a process shows at /metrics is rendered once for all who scrape within a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.routing import Route

from app.serving import exposition
from app.serving.exposition import Exposition

if TYPE_CHECKING:
    from tests.serving.conftest import Serve


class Work:
    """Counts what scrapes cost."""

    def __init__(self) -> None:
        self.measured = self.rendered = 0

    async def measure(self) -> None:
        self.measured += 1
        await asyncio.sleep(0)

    def render(self) -> bytes:
        self.rendered += 1
        return b"figures %d\n" % self.rendered


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setattr(exposition, "generate_latest", work.render)
    return work


def application(work: Work) -> Starlette:
    return Starlette(routes=[Route("/metrics", Exposition(work.measure).answer)])


async def scrape(port: int) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}/metrics")


async def test_many_scrapes_are_one_rendering(serve: Serve, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 3600.0)
    async with serve(application=application(work)) as served:
        answers = await asyncio.gather(*(scrape(served.port) for _ in range(20)))
        answers += [await scrape(served.port) for _ in range(5)]
    assert [(each.status_code, each.text) for each in answers] == [(200, "figures 1\n")] * 25
    assert {each.headers["content-type"] for each in answers} == {CONTENT_TYPE_LATEST}
    assert (work.measured, work.rendered) == (1, 1)


async def test_figures_that_are_too_old_are_measured_and_rendered_again(
    serve: Serve, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "KEPT_SECONDS", 0.0)
    async with serve(application=application(work)) as served:
        assert [(await scrape(served.port)).text for _ in range(3)] == [f"figures {number}\n" for number in (1, 2, 3)]
    assert work.measured == 3
