"""Limits of logins, and what stays of each try."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event
from structlog.testing import capture_logs

from app.auth import passwords
from app.auth.account_digest import account_digest
from app.auth.hashing_queue import BUSY, HashingQueue
from app.errors import RateLimitedError, UnauthenticatedError
from app.services.limits.login_limits import LoginLimits
from app.services.logins.login import REFUSAL, TOO_MANY, log_in
from tests.redis_clients import redis_client
from tests.services.logins.test_login import PASSWORD, add_user
from tests.services.shop import add_seller

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services

NORA = "nora@one.example"
NOBODY = "nobody@one.example"
OFFICE, CAFE = "192.0.2.1", "198.51.100.1"
EVENTS = """
SELECT outcome, address, user_id, seller_id, account_digest, created_at BETWEEN now() - interval '1 minute' AND now()
FROM login_events
ORDER BY created_at
"""


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at. They are compared without cost."""
    seen: list[str] = []

    def matches(_stored_hash: str, password: str) -> bool:
        seen.append(password)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "_matches", matches)
    return seen


@pytest.fixture
async def nora(services: Services) -> UUID:
    return await add_user(services, await add_seller(services, "one"), NORA)


async def attempt(services: Services, email: str = NORA, password: str = "wrong", address: str = CAFE) -> str:
    """What became of it, in one word."""
    try:
        await log_in(services, email=email, password=password, address=address)
    except UnauthenticatedError as error:
        return {REFUSAL: "wrong"}[str(error)]
    except RateLimitedError as error:
        return {TOO_MANY: "limited", BUSY: "busy"}[str(error)]
    return "in"


async def attempts(services: Services, times: int, email: str = NORA, **where: str) -> list[str]:
    return [await attempt(services, email, **where) for _ in range(times)]


async def events(superuser: Driver) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await superuser.fetch(EVENTS)]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("pixecom_logins_total", {"outcome": outcome}) or 0.0


def with_settings(services: Services, **changes: object) -> Services:
    settings = services.settings.model_copy(update=changes)
    return replace(services, settings=settings, login_limits=LoginLimits(services.redis, settings))


@pytest.mark.usefixtures("nora")
async def test_a_pause_says_how_long_it_is(services: Services, hashed: list[str]) -> None:
    await attempts(services, 10)
    with pytest.raises(RateLimitedError) as refusal:
        await log_in(services, email=NORA, password=PASSWORD, address=CAFE)
    assert refusal.value.retry_after == pytest.approx(30, abs=5)
    assert len(hashed) == 10


@pytest.mark.usefixtures("nora")
@pytest.mark.parametrize("email", [NORA, NOBODY])
async def test_after_ten_wrong_passwords_the_right_one_waits_too(
    services: Services, hashed: list[str], email: str
) -> None:
    assert await attempts(services, 10, email) == ["wrong"] * 10
    assert len(hashed) == 10

    assert await attempts(services, 3, email.upper(), password=PASSWORD) == ["limited"] * 3

    assert len(hashed) == 10  # a pause costs no hashing, and takes as long for an account that there is not


@pytest.mark.usefixtures("nora", "hashed")
async def test_an_attacker_shuts_nobody_out_but_itself(services: Services) -> None:
    assert (await attempts(services, 15))[-1] == "limited"
    assert await attempt(services, password=PASSWORD, address=OFFICE) == "in"


@pytest.mark.usefixtures("nora", "hashed")
async def test_many_attackers_shut_out_strangers_and_not_an_address_that_the_account_knows(services: Services) -> None:
    assert await attempt(services, password=PASSWORD, address=OFFICE) == "in"
    tried = [await attempt(services, address=f"203.0.113.{number}") for number in range(25)]
    assert tried == ["wrong"] * 20 + ["limited"] * 5

    assert await attempt(services, password=PASSWORD, address=CAFE) == "limited"
    assert await attempt(services, password=PASSWORD, address=OFFICE) == "in"

    # That address has tries of its own, and no more of them than any other.
    assert await attempts(services, 11, address=OFFICE) == ["wrong"] * 10 + ["limited"]


@pytest.mark.usefixtures("nora", "hashed")
async def test_an_address_may_not_try_many_accounts(services: Services) -> None:
    tried = [await attempt(services, f"{number}@one.example") for number in range(32)]
    assert tried == ["wrong"] * 30 + ["limited"] * 2
    # What it has no try left for counts for no account.
    assert await attempts(services, 20, NORA) == ["limited"] * 20
    assert await attempt(services, password=PASSWORD, address=OFFICE) == "in"


@pytest.mark.usefixtures("nora", "hashed")
async def test_processes_share_the_limits(services: Services) -> None:
    def other() -> Services:
        limits = LoginLimits(services.redis, services.settings)
        return replace(services, login_limits=limits, hashing=HashingQueue(places=100))

    others = [other(), other()]
    tried = await asyncio.gather(*(attempt(each) for each in others * 10))
    assert sorted(tried) == ["limited"] * 10 + ["wrong"] * 10


@pytest.mark.usefixtures("nora", "hashed")
async def test_without_redis_a_process_counts_for_itself_and_says_so_once(services: Services) -> None:
    async with redis_client("redis://127.0.0.1:1/0") as nowhere:
        alone = replace(services, login_limits=LoginLimits(nowhere, services.settings))
        with capture_logs() as lines:
            assert await attempts(alone, 11) == ["wrong"] * 10 + ["limited"]
            assert await attempt(alone, password=PASSWORD, address=OFFICE) == "in"
    said = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert said == ["login limits are local to this process until redis answers again"]


@pytest.mark.usefixtures("hashed")
async def test_a_full_queue_takes_no_try(services: Services, nora: UUID, superuser: Driver) -> None:
    before = counted("LIMITED")
    full = HashingQueue(places=0)
    full._free_threads = 0
    assert await attempts(replace(services, hashing=full), 40, password=PASSWORD) == ["busy"] * 40
    assert await attempt(services, password=PASSWORD) == "in"
    assert counted("LIMITED") == before + 40
    assert [tried[:3] for tried in await events(superuser)] == [("SUCCEEDED", CAFE, nora)]


@pytest.mark.usefixtures("hashed")
async def test_every_outcome_leaves_a_trace_without_the_address_in_clear(
    services: Services, nora: UUID, superuser: Driver
) -> None:
    before = {outcome: counted(outcome) for outcome in ("SUCCEEDED", "WRONG", "INACTIVE", "LIMITED")}
    with capture_logs() as lines:
        await attempt(services, password=PASSWORD, address=OFFICE)
        await attempt(services)
        await attempt(services, NOBODY)
        await superuser.execute("UPDATE users SET is_active = false WHERE id = $1", nora)
        await attempt(services, password=PASSWORD)
        await attempts(services, 12)

    stored = await events(superuser)
    seller_id = stored[0][3]
    assert seller_id is not None
    assert [tried[:4] for tried in stored] == [
        ("SUCCEEDED", OFFICE, nora, seller_id),
        ("WRONG", CAFE, nora, None),
        ("WRONG", CAFE, None, None),
        ("INACTIVE", CAFE, nora, None),
        *[("WRONG", CAFE, nora, None)] * 8,
        ("LIMITED", CAFE, nora, None),  # and not once for each of the four
    ]
    secret = services.settings.auth_secret
    assert {tried[4] for tried in stored} == {account_digest(NORA, secret), account_digest(NOBODY, secret)}
    assert [tried[5] for tried in stored] == [True] * len(stored)  # by the database's clock
    assert {outcome: counted(outcome) - value for outcome, value in before.items()} == {
        "SUCCEEDED": 1,
        "WRONG": 10,
        "INACTIVE": 1,
        "LIMITED": 4,
    }
    failures = [line for line in lines if line["event"] == "login failed"]
    assert [line["outcome"] for line in failures] == ["WRONG", "WRONG", "INACTIVE", *["WRONG"] * 8, *["LIMITED"] * 4]
    assert failures[0]["account"] == account_digest(NORA, secret).hex()
    assert [word for word in ("nora", "nobody", PASSWORD) if word in repr(lines).lower()] == []


# Why a right password does not let Nora in, and the seller that she names.
SHUT_OUT = {
    "user deactivated": ("UPDATE users SET is_active = false", None),
    "seller deactivated": ("UPDATE sellers SET is_active = false", None),
    "seller deactivated that is named": ("UPDATE sellers SET is_active = false", "one"),
    "no membership": ("DELETE FROM memberships", None),
    "another seller": ("SELECT 1", "two"),
}


@pytest.mark.usefixtures("hashed")
@pytest.mark.parametrize("why", SHUT_OUT)
async def test_a_right_password_that_lets_nobody_in_is_recorded_as_inactive_and_paused_as_a_wrong_one(
    services: Services, nora: UUID, superuser: Driver, why: str
) -> None:
    change, slug = SHUT_OUT[why]
    await add_seller(services, "two")
    await superuser.execute(change)

    async def answers(password: str, address: str) -> list[str]:
        told: list[str] = []
        for _ in range(11):
            with pytest.raises((UnauthenticatedError, RateLimitedError)) as refusal:
                await log_in(services, email=NORA, password=password, address=address, seller_slug=slug)
            told.append(str(refusal.value))
        return told

    right, wrong = await answers(PASSWORD, CAFE), await answers("wrong", OFFICE)
    assert right == wrong == [REFUSAL] * 10 + [TOO_MANY]
    assert [tried[:4] for tried in await events(superuser)] == [
        *[("INACTIVE", CAFE, nora, None)] * 10,
        ("LIMITED", CAFE, nora, None),
        *[("WRONG", OFFICE, nora, None)] * 10,
        ("LIMITED", OFFICE, nora, None),
    ]


@contextmanager
def _statements(services: Services) -> Generator[list[str]]:
    """What is sent to the database by both roles."""
    sent: list[str] = []
    engines = [services.database.app.sync_engine, services.database.system.sync_engine]

    def note(record: Any) -> None:
        sent.append(record.query)

    def listen(connection: Any, _record: object, _proxy: object) -> None:
        connection.driver_connection.add_query_logger(note)

    def leave(connection: Any, _record: object) -> None:
        connection.driver_connection.remove_query_logger(note)

    for engine in engines:
        event.listen(engine, "checkout", listen)
        event.listen(engine, "checkin", leave)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "checkout", listen)
            event.remove(engine, "checkin", leave)


@pytest.mark.usefixtures("nora", "hashed")
async def test_every_refusal_asks_the_database_the_same(services: Services, superuser: Driver) -> None:
    async def statements(email: str, password: str) -> list[str]:
        with _statements(services) as sent:
            assert await attempt(services, email, password) == "wrong"
        return sent

    await attempt(services)  # opens the connections
    wrong = await statements(NORA, "wrong")
    assert len(wrong) > 5
    assert await statements(NOBODY, "wrong") == wrong
    await superuser.execute("DELETE FROM memberships")
    assert await statements(NORA, PASSWORD) == wrong
    await superuser.execute("UPDATE users SET is_active = false")
    assert await statements(NORA, PASSWORD) == wrong


@pytest.mark.usefixtures("nora", "hashed")
async def test_a_flood_of_failures_writes_so_many_rows_an_hour(services: Services, superuser: Driver) -> None:
    flooded = with_settings(services, login_events_per_hour=3, login_tries_per_address=1000)
    for number in range(9):
        await attempt(flooded, f"{number}@one.example")
    await attempts(flooded, 5)
    assert await attempt(flooded, password=PASSWORD) == "in"

    outcomes = [(tried[0], tried[2] is not None) for tried in await events(superuser)]
    assert outcomes == [("WRONG", False)] * 3 + [("WRONG", True)] * 3 + [("SUCCEEDED", True)]


@pytest.mark.usefixtures("nora", "hashed")
async def test_redis_holds_no_address_in_clear(services: Services) -> None:
    await attempt(services, password=PASSWORD)
    keys = str(await services.redis.keys("*"))
    assert keys.count("pixecom:logins:") == 4
    assert [word for word in ("nora", CAFE) if word in keys] == []


async def test_a_digest_is_of_one_installation(services: Services) -> None:
    secret = services.settings.auth_secret
    assert account_digest(NORA, secret) == account_digest(NORA, secret)
    assert account_digest(NORA, type(secret)("another")) != account_digest(NORA, secret)
