"""A database of a few sellers, and a count of the statements that an operation runs."""

from __future__ import annotations

import base64
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import event

from app.configuration.settings import Settings
from app.services.context import open_services
from tests.graphql_schema.golden_world import GoldenWorld, plant
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Sequence
    from contextlib import AbstractContextManager

    from app.embedded.throwaway import ThrowawayDatabase

ASIDE = ("BEGIN", "SET ", "COMMIT", "ROLLBACK", "SELECT set_config", ";", "SELECT pg_catalog", "select pg_catalog")


@pytest.fixture
async def world(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[SmallWorld]:
    """A world of this test's own."""
    async with open_services(settings, process="tests") as services:
        yield SmallWorld(database, services)


@pytest.fixture(scope="module")
async def shared_world(shared_database: ThrowawayDatabase) -> AsyncGenerator[SmallWorld]:
    """A world for one module, whose tests only read what it was filled with. Without Redis."""
    settings = Settings.model_validate(
        {
            "database_url": shared_database.app_url,
            "system_database_url": shared_database.system_url,
            "redis_url": "redis://127.0.0.1:1/0",
            "auth_secret": secrets.token_urlsafe(48),
            "token_encryption_keys": f"test1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        }
    )
    async with open_services(settings, process="tests") as services:
        yield SmallWorld(shared_database, services)


@pytest.fixture(scope="module")
async def golden(shared_world: SmallWorld) -> GoldenWorld:
    """The shared world with the numbers that the expected ones are derived from."""
    return await plant(shared_world)


class Statement(NamedTuple):
    """What was asked of the database: text and parameters."""

    text: str
    values: Sequence[Any]


@pytest.fixture
def record_statements() -> Callable[[SmallWorld], AbstractContextManager[list[Statement]]]:
    """Within the context, the statements that reach the database; BEGIN, SET and their like aside."""

    @contextmanager
    def recording(world: SmallWorld) -> Generator[list[Statement]]:
        seen: list[Statement] = []
        engine = world.services.database.app.sync_engine

        def note(record: Any) -> None:
            if not record.query.strip().startswith(ASIDE):
                seen.append(Statement(record.query, record.args or ()))

        def listen(connection: Any, _record: object, _proxy: object) -> None:
            connection.driver_connection.add_query_logger(note)

        def leave(connection: Any, _record: object) -> None:
            connection.driver_connection.remove_query_logger(note)

        event.listen(engine, "checkout", listen)
        event.listen(engine, "checkin", leave)
        try:
            yield seen
        finally:
            event.remove(engine, "checkout", listen)
            event.remove(engine, "checkin", leave)

    return recording


@pytest.fixture
def count_statements(
    record_statements: Callable[[SmallWorld], AbstractContextManager[list[Statement]]],
) -> Callable[[SmallWorld], AbstractContextManager[list[str]]]:
    """The same, their texts alone, once the context is left."""

    @contextmanager
    def counting(world: SmallWorld) -> Generator[list[str]]:
        texts: list[str] = []
        with record_statements(world) as seen:
            yield texts
        texts.extend(statement.text for statement in seen)

    return counting
