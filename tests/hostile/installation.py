"""An api of its own with servers of its own: one seller to be hurt, and one beside it that must not notice."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from app.auth.access_tokens import issue_access_token
from app.configuration.settings import Settings
from app.database.migration import upgrade
from app.embedded.child import Child, ChildSpec, start_child
from app.embedded.ports import LOOPBACK, find_free_port
from app.embedded.throwaway import get_servers, stop_servers
from app.services.context import open_services
from tests.graphql_schema.filled_seller import fill
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.small_world import Tenant

CHECKOUT = Path(__file__).parents[2]
SIZE = 100
START_SECONDS = 60.0
STOP_SECONDS = 15.0
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Api:
    """The process, and tokens of its two sellers."""

    port: int
    hurt_token: str = field(repr=False)
    beside_token: str = field(repr=False)
    _spec: ChildSpec = field(repr=False)
    _child: Child | None = None

    @property
    def cpu_seconds(self) -> float:
        """User and system time so far (proc(5): fields 14 and 15, counted after the name)."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    @property
    def resident_bytes(self) -> int:
        return int(self._proc("statm").split()[1]) * PAGE_BYTES

    def start(self) -> None:
        self._child = start_child(self._spec)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._child.exit_code is not None or time.monotonic() > deadline:
                raise RuntimeError("\n".join(self._child.last_log_lines(20)))
            time.sleep(0.05)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(grace=STOP_SECONDS)

    def rests_within(self, seconds: float) -> bool:
        """Whether its event loop comes to answer something else in that time."""
        try:
            return httpx.get(self._url("/livez"), timeout=seconds).is_success
        except httpx.TransportError:
            return False

    def _proc(self, name: str) -> str:
        assert self._child is not None
        return Path(f"/proc/{self._child.pid}/{name}").read_text()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(self._url("/readyz"), timeout=5).is_success
        except httpx.TransportError:
            return False

    def _url(self, path: str) -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"


@contextmanager
def open_api(directory: Path) -> Generator[Api]:
    """Started at the beginning, stopped with its servers at the end. Logs and data are in `directory`."""
    try:
        database, settings, environment = _open_servers(directory)
        hurt, beside = asyncio.run(_fill(database, settings))
        port = find_free_port()
        spec = ChildSpec(
            name="api",
            command=(sys.executable, "-m", "app.cli.main", "api", "--port", str(port)),
            log_path=directory / "api.log",
            environment={**os.environ, **environment},
            directory=CHECKOUT,
        )
        api = Api(port, _token(hurt, settings), _token(beside, settings), spec)
        try:
            api.start()
            yield api
        finally:
            api.stop()
    finally:
        stop_servers(directory)


def _open_servers(directory: Path) -> tuple[ThrowawayDatabase, Settings, dict[str, str]]:
    servers = get_servers(directory, run_process=os.getpid())
    database = asyncio.run(servers.create_database())
    upgrade(database.owner_url)
    environment = {
        "DATABASE_URL": database.app_url,
        "SYSTEM_DATABASE_URL": database.system_url,
        "REDIS_URL": servers.redis_url(0),
        "AUTH_SECRET": secrets.token_urlsafe(48),
        "TOKEN_ENCRYPTION_KEYS": f"test1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ACCESS_TOKEN_MINUTES": "720",
        "MAX_BODY_BYTES": "1000000",  # so that what is inside of large bodies is looked at
        "METRICS_PORT": "0",
    }
    return database, Settings.model_validate({name.lower(): value for name, value in environment.items()}), environment


async def _fill(database: ThrowawayDatabase, settings: Settings) -> tuple[Tenant, Tenant]:
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        hurt, beside = await world.add_seller("hurt"), await world.add_seller("beside")
        for tenant in (hurt, beside):
            await fill(tenant, SIZE)
    return hurt, beside


def _token(tenant: Tenant, settings: Settings) -> str:
    return issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role="OWNER", settings=settings).text
