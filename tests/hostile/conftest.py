from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from app.auth.access_tokens import issue_access_token
from app.configuration.settings import LogFormat
from app.http.application import create_application
from app.observability.logging import configure_logging
from app.services.context import open_services
from tests.graphql_schema.filled_seller import fill
from tests.graphql_schema.small_world import SmallWorld
from tests.hostile.catalogue import OPERATIONS, TWINS
from tests.hostile.in_process import InProcess
from tests.hostile.stage import Stage
from tests.http.exported import module_settings
from tests.observability.conftest import restoring_logging

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from starlette.types import Receive, Scope, Send

    from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers

SIZE = 30
# Sent before anything is counted: what a process pays once, at the first operation of a sort, is no operation's cost.
FIRST = {
    "introspection: the whole schema",
    "introspection: the whole schema, anonymous",
    "fields: unknown fields, 100, anonymous",
    "lists: pages of 20, 10 and 10",
    "lists: series of a lifetime by month for 100 ads",
    "lists: conditions at three levels",
    "requests: export by day of a lifetime",
    "sockets: 21 subscriptions",
}


@pytest.fixture(scope="module")
def log() -> Generator[io.StringIO]:
    """What a process of the product writes to its log, as it writes it where nobody watches."""
    written = io.StringIO()
    with restoring_logging():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", written)
            configure_logging(level="INFO", log_format=LogFormat.JSON, process="api")
        # A logger that is kept would write here in the tests that come later, too.
        structlog.configure(cache_logger_on_first_use=False)
        yield written


@pytest.fixture(scope="module")
async def stage(
    shared_database: ThrowawayDatabase, embedded_servers: ThrowawayServers, worker_id: str, log: io.StringIO
) -> AsyncGenerator[Stage]:
    # What is inside of large bodies is looked at, and each line of the log is written.
    larger = {"max_body_bytes": 1_000_000, "log_refusals_per_second": 1000}
    settings = module_settings(shared_database, embedded_servers, worker_id).model_copy(update=larger)
    application = create_application(settings)
    async with (
        open_services(settings, process="tests") as services,
        application.router.lifespan_context(application) as state,
    ):
        tenant = await SmallWorld(shared_database, services).add_seller("hurt")
        await fill(tenant, SIZE)
        token = issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role="OWNER", settings=settings)

        async def started(scope: Scope, receive: Receive, send: Send) -> None:
            await application({**scope, "state": dict(state or {})}, receive, send)

        api = InProcess(started, token.text)
        for operation in (*OPERATIONS, *TWINS):
            if str(operation) in FIRST:
                await api.send(operation)
        yield Stage(api, services.redis, log)
