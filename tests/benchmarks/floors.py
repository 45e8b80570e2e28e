"""The floors, in a process of their own: the product's SQL without the product.

    python -m tests.benchmarks.floors PORT SCALE SEED

Floor a replays the statements over asyncpg and does nothing else, not even HTTP: POST /replay measures it in here.
Floor b answers over HTTP with dictionaries and orjson: GET /answer/<workload>/<seller's place>. Both read as the app
role, inside the same transaction as the product, over a pool of the same size.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import orjson
import uvicorn

from app.configuration.settings import load_settings
from app.embedded.ports import LOOPBACK
from app.services.context import open_services
from tests.benchmarks.answers import Results, answer, read_part
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.population import SCALES, list_sellers
from tests.benchmarks.statements import Listener
from tests.benchmarks.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from tests.benchmarks.answers import Part
    from tests.benchmarks.population import Seller
    from tests.benchmarks.statements import Statement

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

SERVER_SETTINGS = {"jit": "off", "timezone": "UTC", "application_name": "pixecom-floors"}


@dataclass(frozen=True, slots=True)
class Replay:
    """One workload of one seller: its statements and what each is for."""

    statements: list[Statement]
    parts: list[Part]
    first: int


class Floors:
    """An ASGI application."""

    def __init__(self, settings: Settings, sellers: list[Seller]) -> None:
        self._settings = settings
        self._sellers = sellers
        self._idle: list[Driver] = []
        self._turn = asyncio.Semaphore(settings.database_pool_size)  # first come, first served
        self._replays: dict[str, list[Replay]] = {}
        self._facts: dict[str, dict[str, int]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(self.opened, receive, send)
            return
        body = await self._body(scope["path"].strip("/").split("/"), receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Listen to the product once for each workload and seller, then let it go."""
        async with open_services(self._settings, process="floors") as services:
            listener = Listener(services)
            for _ in range(self._settings.database_pool_size):
                self._idle.append(await connect(self._settings))
            for workload in WORKLOADS:
                self._replays[workload.name] = [await self._prepare(listener, workload, s) for s in self._sellers]
        gc.collect()
        gc.freeze()  # the product's modules are none of the floors' burden
        yield

    async def _prepare(self, listener: Listener, workload: Workload, seller: Seller) -> Replay:
        captured = await listener.capture(workload.document, seller)
        results = await self._run(captured.statements)
        parts = [read_part(*pair) for pair in zip(captured.statements, results, strict=True)]
        self._facts[workload.name] = {"statements": captured.counted, "round_trips": captured.round_trips}
        mine = answer(parts, results, first=workload.first)
        if orjson.loads(orjson.dumps(mine)) != orjson.loads(orjson.dumps(captured.data)):
            raise RuntimeError(f"floor b and the product answer {workload.name} differently")
        return Replay(captured.statements, parts, workload.first)

    async def _body(self, path: list[str], receive: Receive) -> bytes:
        match path:
            case ["answer", workload, place]:
                replay = self._replays[workload][int(place)]
                results = await self._run(replay.statements)
                return orjson.dumps({"data": answer(replay.parts, results, first=replay.first)})
            case ["replay"]:
                return orjson.dumps((await self._measure(**orjson.loads((await receive())["body"]))).as_json())
            case _:
                return orjson.dumps(self._facts)

    async def _run(self, statements: list[Statement]) -> Results:
        async with self._turn:
            driver = self._idle.pop()
            try:
                return [
                    await driver.fetch(text, *values) if values else await _execute(driver, text)
                    for text, values in statements
                ]
            finally:
                self._idle.append(driver)

    async def _measure(self, *, workload: str, connections: int, seconds: float) -> Measurement:
        """Floor a: as many at a time as there would be connections, each going through the sellers."""
        replays, latencies = self._replays[workload], list[float]()
        started, cpu = time.perf_counter(), time.process_time()

        async def work(place: int) -> None:
            while (begun := time.perf_counter()) < started + seconds:
                await self._run(replays[place % len(replays)].statements)
                latencies.append(time.perf_counter() - begun)
                place += 1

        await asyncio.gather(*(work(place) for place in range(connections)))
        return Measurement.of(latencies, seconds=time.perf_counter() - started, server_cpu=time.process_time() - cpu)


async def _execute(driver: Driver, text: str) -> list[Any]:
    await driver.execute(text)
    return []


async def connect(settings: Settings) -> Driver:
    """A connection as the app role, set up as the product's are."""
    url = settings.database_url.get_secret_value().replace("+asyncpg", "")
    opened = cast("Callable[..., Awaitable[Driver]]", asyncpg.connect)
    return await opened(url, server_settings=SERVER_SETTINGS)


async def _live(opened: Callable[[], Any], receive: Receive, send: Send) -> None:
    await receive()
    async with opened():
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


def main(arguments: list[str]) -> None:
    port, scale, seed = int(arguments[0]), SCALES[arguments[1]], int(arguments[2])
    floors = Floors(load_settings(), list_sellers(scale, seed))
    uvicorn.run(
        cast("Any", floors),  # uvicorn's own types of ASGI are closed unions
        host=LOOPBACK,
        port=port,
        loop="uvloop",
        lifespan="on",  # by itself uvicorn serves on when the start fails
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
