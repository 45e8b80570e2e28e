"""The demo's logins have no place in production: none is made, and one that works keeps the api from starting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app import clock
from app.auth.passwords import hash_password
from app.cli.commands.api import api
from app.cli.commands.seed import seed
from app.cli.diagnosis.demo_logins import examine_demo_logins, refuse_demo_logins_at_start
from app.cli.process import server
from app.configuration.settings import Environment
from app.database.transactions import driver_of, login_transaction
from app.errors import SetupError
from app.identifiers import new_id
from app.queries.logins.address_book import NewUser, insert_user
from app.services.context import open_services
from app.services.demo.seeding import DEMO_LOGINS
from tests.cli.running import run_pixecom
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase

NORTHWIND, ALPEN, SAIGON = (login.email for login in DEMO_LOGINS)


def _leave_logging_alone(**_settings: object) -> None:
    """Other tests capture what is logged."""


def load_instead(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for module in ("app.configuration.settings", "app.cli.process.process_start"):
        monkeypatch.setattr(f"{module}.load_settings", lambda: settings)
    monkeypatch.setattr("app.cli.process.process_start.configure_logging", _leave_logging_alone)


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of this process, which would not be accepted from the environment: its servers are throw-away."""
    changed = settings.model_copy(update={"environment": Environment.PRODUCTION})
    load_instead(monkeypatch, changed)
    return changed


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whether the api came as far as listening."""
    calls: list[str] = []

    def serve(_application: ASGIApp, **_options: object) -> None:
        calls.append("served")

    monkeypatch.setattr(server, "serve", serve)
    return calls


@pytest.fixture
async def owner(database: ThrowawayDatabase) -> AsyncGenerator[Driver]:
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        yield await driver_of(connection)


async def add_login(settings: Settings, email: str, password: str, *, is_active: bool = True) -> None:
    user = NewUser(id=new_id(), email=email, name="Nora", password_hash=await hash_password(password))
    async with (
        open_services(settings, process="tests") as services,
        login_transaction(services.database.app, email) as driver,
    ):
        await insert_user(driver, user, now=clock.now())
        if not is_active:
            await driver.execute("UPDATE users SET is_active = false WHERE id = $1", user.id)


async def start_api() -> None:
    await asyncio.to_thread(api, host="127.0.0.1", port=1)


async def test_a_demo_login_that_works_keeps_the_api_from_starting(
    production: Settings, served: list[str], owner: Driver
) -> None:
    await add_login(production, ALPEN, DEMO_LOGINS[0].password)
    await add_login(production, SAIGON, "changed since")
    await add_login(production, NORTHWIND, DEMO_LOGINS[0].password, is_active=False)

    with pytest.raises(SetupError) as refusal:
        await start_api()

    assert served == []
    sentence, _, remedy = str(refusal.value).partition(" Deactivate these users, as the role that owns the tables: ")
    assert sentence == f"The demo's publicly known password logs in as {ALPEN}."
    assert await owner.execute(remedy) == "UPDATE 3"
    await start_api()
    assert served == ["served"]
    assert DEMO_LOGINS[0].password not in str(refusal.value)


async def test_without_one_it_starts(production: Settings, served: list[str]) -> None:
    await start_api()
    assert served == ["served"]
    assert await examine_demo_logins(production) == "none works"


async def test_a_database_that_is_away_is_not_waited_for(production: Settings) -> None:
    nowhere = type(production.database_url)("postgresql+asyncpg://app:pw@127.0.0.1:1/none")
    with capture_logs() as lines:
        await refuse_demo_logins_at_start(production.model_copy(update={"database_url": nowhere}))
    assert [line["event"] for line in lines] == ["could not check for demo logins: the database does not answer"]


async def test_development_is_left_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, served: list[str]
) -> None:
    load_instead(monkeypatch, settings)
    await add_login(settings, ALPEN, DEMO_LOGINS[0].password)
    await start_api()
    assert served == ["served"]


def test_people_read_what_was_seeded(settings: Settings) -> None:
    told = [run_pixecom(settings, "seed", "--text").stdout for _ in range(2)]
    assert told == [
        "Created 3 sellers, 6 ad accounts and 1 page; existing ones were kept.\n",
        "Created 0 sellers, 0 ad accounts and 0 pages; existing ones were kept.\n",
    ]


@pytest.mark.usefixtures("production")
async def test_production_is_not_seeded(settings: Settings) -> None:
    with pytest.raises(SetupError, match="refused in production"):
        await asyncio.to_thread(seed, sandbox_csv=False, as_json=False)
    async with open_services(settings, process="tests") as services, services.database.system.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM sellers")).scalar() == 0
