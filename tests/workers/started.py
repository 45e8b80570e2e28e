"""A worker or scheduler as a process of its own, and what it logs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.embedded.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings

_SECRETS = ("database_url", "system_database_url", "redis_url", "auth_secret", "token_encryption_keys")


@dataclass
class Started:
    """`told`: the lines of its log that have been read."""

    process: asyncio.subprocess.Process
    health_url: str
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def until_told(self, event: str) -> dict[str, Any]:
        """Read its log up to this event; answers the line."""
        assert self.process.stderr is not None
        while not self.told or self.told[-1]["event"] != event:
            self.told.append(json.loads(await self.process.stderr.readline()))
        return self.told[-1]

    @property
    def events(self) -> list[str]:
        return [line["event"] for line in self.told]


@asynccontextmanager
async def started(settings: Settings, name: str) -> AsyncGenerator[Started]:
    """`name`: worker or scheduler. Killed at the end, unless it has ended."""
    port = find_free_port()
    environment = {
        "PATH": os.environ["PATH"],
        **{each.upper(): getattr(settings, each).get_secret_value() for each in _SECRETS},
        f"{name.upper()}_HEALTH_PORT": str(port),
        "LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "app.cli.main", name]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=PIPE)
    try:
        yield Started(process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
