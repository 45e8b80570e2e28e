"""The application as it is served, over a PostgreSQL and a Valkey of its own that a test can stop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx
from pydantic import SecretStr

from app.auth.passwords import hash_password
from app.clock import now
from app.database.transactions import login_transaction, tenant_transaction
from app.http import application
from app.http.application import create_application
from app.http.operations import readiness
from app.identifiers import new_id
from app.queries.logins.address_book import NewUser, insert_membership, insert_user
from app.services.context import open_services
from app.vocabulary import Role
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import serving
from tests.http.sockets.client import token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import pytest

    from app.configuration.settings import Settings
    from app.services.context import Services
    from tests.chaos.own_servers import OwnPostgres, OwnValkey
    from tests.graphql_schema.small_world import Tenant

PASSWORD = "correct horse battery staple"
CRON_SECRET = "correct-horse-battery-staple-0123456789"
VIEWER = "{ viewer { role } }"
SYNC = "mutation { enqueueSync(input: {}) { jobs { deduplicated } errors { message } } }"


@dataclass(frozen=True)
class SilentStage:
    """What a member of one seller gets from the application."""

    address: str
    services: Services
    tenant: Tenant
    email: str

    @property
    def login(self) -> str:
        who = f'email: "{self.email}", password: "{PASSWORD}"'
        return f"mutation {{ login(input: {{{who}}}) {{ viewer {{ role }} errors {{ message }} }} }}"

    async def post(self, path: str, body: object, *, token: str | None = None) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {token or token_of(self.tenant)}",
            "Accept": "application/graphql-response+json",
        }
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:
            return await client.post(f"{self.address}{path}", json=body)

    async def ask(self, query: str) -> tuple[str | None, str | None]:
        """The first error's code and sentence; None and None if there is none."""
        body = (await self.post("/graphql", {"query": query})).json()
        if "errors" not in body:
            return None, None
        [error] = body["errors"]
        return error["extensions"]["code"], error["message"]

    async def readiness(self) -> tuple[int, Any]:
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.get(f"{self.address}/readyz")
        return answer.status_code, answer.json()["checks"]

    async def cron(self) -> int:
        return (await self.post("/cron/stats", None, token=CRON_SECRET)).status_code

    @property
    def checked_out(self) -> int:
        """Connections that are in use, of both pools."""
        database = self.services.database
        return sum(cast("Any", engine.pool).checkedout() for engine in (database.app, database.system))

    async def until_idle(self, tasks: int) -> None:
        """No connection is in use, and no more tasks are left than there were."""
        async with asyncio.timeout(10):
            while self.checked_out or len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_silent_stage(
    postgres: OwnPostgres, valkey: OwnValkey, settings: Settings, monkeypatch: pytest.MonkeyPatch, **changes: object
) -> AsyncGenerator[SilentStage]:
    """Its seller has a campaign, an account and a user with a password."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    own = {
        "database_url": SecretStr(postgres.urls.app_url),
        "system_database_url": SecretStr(postgres.urls.system_url),
        "redis_url": SecretStr(valkey.url),
        "cron_secret": SecretStr(CRON_SECRET),
    }
    async with open_services(settings.model_copy(update={**own, **changes}), process="tests") as services:

        @asynccontextmanager
        async def opened(_settings: Settings, *, process: str) -> AsyncGenerator[Services]:
            del process
            yield services

        monkeypatch.setattr(application, "open_services", opened)
        tenant = await SmallWorld(cast("Any", postgres.urls), services).add_seller(f"acme-{new_id()}")
        await tenant.add_mock_campaigns(3)
        email = await _add_user(services, tenant)
        async with serving(create_application(services.settings)) as address:
            await services.clock.until_right()  # all tasks of a process at rest are there
            yield SilentStage(address, services, tenant, email)


async def _add_user(services: Services, tenant: Tenant) -> str:
    user = NewUser(id=new_id(), email=f"{new_id()}@acme.test", name="Nora", password_hash=await hash_password(PASSWORD))
    async with login_transaction(services.database.app, user.email) as driver:
        await insert_user(driver, user, now=now())
    async with tenant_transaction(services.database.app, tenant.seller_id) as driver:
        await insert_membership(driver, seller_id=tenant.seller_id, user_id=user.id, role=Role.OWNER, now=now())
    return user.email
