"""A normal client of another seller, a process of its own: asks for a list and for /livez, forty times a second each.

Started as `python -m tests.hostile.bystander PORT`, with its token in the first line of its input; ends when its input
does. Each answer is a line of its output: what was asked, when (on the machine's monotonic clock), how long it took,
and whether it was the right one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import NamedTuple

import httpx

EVERY_SECONDS = 0.025
LIST = "{ ads(first: 20, orderBy: {field: NAME}) { nodes { id name status } totalCount } }"


class Sample(NamedTuple):
    what: str
    begun: float
    seconds: float
    well: bool

    @classmethod
    def read(cls, line: str) -> Sample:
        what, begun, seconds, well = line.split()
        return cls(what, float(begun), float(seconds), well == "True")


async def _ask(client: httpx.AsyncClient, what: str, request: httpx.Request) -> None:
    begun = time.monotonic()
    try:
        response = await client.send(request)
        well = response.status_code == 200 and b'"errors"' not in response.content
    except httpx.TransportError:
        well = False
    sys.stdout.write(f"{what} {begun} {time.monotonic() - begun} {well}\n")
    sys.stdout.flush()


async def _keep_asking(client: httpx.AsyncClient, what: str, method: str, path: str, body: object) -> None:
    while True:
        await _ask(client, what, client.build_request(method, path, json=body))
        await asyncio.sleep(EVERY_SECONDS)


async def _run(port: int, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        asking = [
            asyncio.create_task(_keep_asking(client, "list", "POST", "/graphql", {"query": LIST})),
            asyncio.create_task(_keep_asking(client, "livez", "GET", "/livez", None)),
        ]
        await asyncio.to_thread(sys.stdin.read)
        for task in asking:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), sys.stdin.readline().strip()))
