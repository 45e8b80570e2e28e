"""A process refuses to start on a database where row-level security would not hold, or that doesn't answer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.database.engine import open_database
from app.database.transactions import across_tenants, driver_of
from app.embedded.ports import find_free_port
from app.errors import SetupError
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


async def _refusal(settings: Settings) -> str:
    """What the check of these settings' databases says."""
    database = open_database(settings, process="tests")
    try:
        with pytest.raises(SetupError) as caught:
            await database.check()
    finally:
        await database.close()
    sentence = str(caught.value)
    for url in (settings.database_url, settings.system_database_url):
        assert f"{make_url(url.get_secret_value()).password}" not in sentence
    assert caught.value.__cause__ is None  # a driver's error may quote the URL
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return sentence


def _with(settings: Settings, *, app: str | None = None, system: str | None = None) -> Settings:
    changes = {"database_url": app, "system_database_url": system}
    return settings.model_copy(update={name: SecretStr(url) for name, url in changes.items() if url})


async def test_the_two_roles_are_accepted(settings: Settings) -> None:
    database = open_database(settings, process="tests")
    await database.check()
    await database.close()


@pytest.mark.parametrize("role", ["superuser", "owner"])
async def test_a_role_above_the_wall_is_refused(settings: Settings, database: ThrowawayDatabase, role: str) -> None:
    url = {"superuser": database.superuser_url, "owner": database.owner_url}[role]
    above = (
        "connects as a role that row-level security does not hold back "
        "(superuser, BYPASSRLS, or owner of the tables). Use the role pixecom_app or pixecom_system."
    )
    assert await _refusal(_with(settings, app=url)) == f"DATABASE_URL {above}"
    assert await _refusal(_with(settings, system=url)) == f"SYSTEM_DATABASE_URL {above}"


async def test_swapped_roles_are_named(settings: Settings, database: ThrowawayDatabase) -> None:
    swapped = _with(settings, app=database.system_url, system=database.app_url)
    sentence = (
        "DATABASE_URL connects as pixecom_system and must connect as pixecom_app. "
        "Are DATABASE_URL and SYSTEM_DATABASE_URL swapped?"
    )
    assert await _refusal(swapped) == sentence
    assert (await _refusal(_with(settings, system=database.app_url))).startswith(
        "SYSTEM_DATABASE_URL connects as pixecom_app and must connect as pixecom_system."
    )


async def test_a_member_of_the_right_role_is_accepted_and_another_role_is_not(
    settings: Settings, database: ThrowawayDatabase
) -> None:
    async with _role(database, "IN ROLE pixecom_app") as url:
        opened = open_database(_with(settings, app=url), process="tests")
        await opened.check()
        await opened.close()
    async with _role(database, "") as url:
        sentence = await _refusal(_with(settings, app=url))
        assert sentence == f"DATABASE_URL connects as {make_url(url).username} and must connect as pixecom_app."


@pytest.mark.parametrize("attributes", ["BYPASSRLS", "IN ROLE pixecom_owner", "NOINHERIT IN ROLE pixecom_owner"])
async def test_a_role_that_can_climb_the_wall_is_refused(
    settings: Settings, database: ThrowawayDatabase, attributes: str
) -> None:
    async with _role(database, attributes) as url:
        assert (await _refusal(_with(settings, app=url))).startswith("DATABASE_URL connects as a role that")


@asynccontextmanager
async def _role(database: ThrowawayDatabase, attributes: str) -> AsyncGenerator[str]:
    """The URL of a role that exists for this test alone."""
    name = f"test_{uuid4().hex}"
    async with opened_engine(database.superuser_url) as engine, across_tenants(engine) as driver:
        await driver.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'made-up-pw' {attributes}")
        await driver.execute(f"GRANT CONNECT ON DATABASE {database.name} TO {name}")
        try:
            url = make_url(database.app_url).set(username=name, password="made-up-pw")
            yield url.render_as_string(hide_password=False)
        finally:
            await driver.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


async def test_a_server_that_does_not_answer(settings: Settings) -> None:
    port = find_free_port()
    url = f"postgresql+asyncpg://app:made-up-pw@127.0.0.1:{port}/none"
    sentence = await _refusal(_with(settings, app=url))
    assert sentence.startswith(
        f"DATABASE_URL (postgresql+asyncpg://app:[secret]@127.0.0.1:{port}/none) can't be reached: "
    )
    assert sentence.endswith(". Start the server or correct DATABASE_URL.")
    assert "Connect call failed" in sentence
    assert "\n" not in sentence


async def test_a_host_that_does_not_exist(settings: Settings) -> None:
    sentence = await _refusal(_with(settings, system="postgresql+asyncpg://system:made-up-pw@nowhere.invalid/none"))
    assert sentence.startswith(
        "SYSTEM_DATABASE_URL (postgresql+asyncpg://system:[secret]@nowhere.invalid/none) can't be"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "made-up-pw"}, 'password authentication failed for user "pixecom_app"'),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
    ],
)
async def test_a_server_that_refuses(
    settings: Settings, database: ThrowawayDatabase, change: dict[str, str], reason: str
) -> None:
    url = make_url(database.app_url).set(**change)  # pyright: ignore[reportArgumentType]  # one of its text fields
    sentence = await _refusal(_with(settings, app=url.render_as_string(hide_password=False)))
    assert reason in sentence
    assert sentence.endswith(". Start the server or correct DATABASE_URL.")


async def test_a_password_among_the_parameters_is_not_shown(settings: Settings) -> None:
    port = find_free_port()
    url = f"postgresql+asyncpg://127.0.0.1:{port}/none?user=app&password=made-up-pw"
    sentence = await _refusal(_with(settings, app=url))
    assert sentence.startswith(f"DATABASE_URL (postgresql+asyncpg://127.0.0.1:{port}/none) can't be reached: ")
    assert "made-up-pw" not in sentence


async def test_a_connection_of_ours(database: ThrowawayDatabase) -> None:
    async with opened_engine(database.app_url) as engine, engine.connect() as connection:
        driver = await driver_of(connection)
        names = ("jit", "TimeZone", "application_name", "is_superuser")
        shown = [await driver.fetchval("SELECT current_setting($1)", name) for name in names]
        assert shown == ["off", "UTC", "tests", "off"]
