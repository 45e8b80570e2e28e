"""The fixtures that every other test stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from redis import Redis

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase

# asyncpg is untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://")


async def value_of(url: str, query: str) -> object:
    connection = await asyncpg.connect(plain(url))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["owner", "app", "system"])
async def test_the_three_roles_enter_without_power(empty_database: ThrowawayDatabase, role: str) -> None:
    url: str = getattr(empty_database, f"{role}_url")

    query = "SELECT rolname || ' ' || rolsuper || ' ' || rolbypassrls FROM pg_roles WHERE rolname = current_user"

    assert await value_of(url, query) == f"pixecom_{role} false false"


async def test_only_the_owner_creates_tables(empty_database: ThrowawayDatabase) -> None:
    await value_of(empty_database.owner_url, "CREATE TABLE things (id int)")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value_of(empty_database.app_url, "CREATE TABLE other_things (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value_of(empty_database.app_url, "SELECT count(*) FROM things")


async def test_a_wrong_password_is_refused(empty_database: ThrowawayDatabase) -> None:
    url = f"postgresql://pixecom_app:wrong@127.0.0.1:{empty_database.port}/{empty_database.name}"

    with pytest.raises(asyncpg.InvalidPasswordError):
        await value_of(url, "SELECT 1")


@pytest.mark.parametrize("_round", [1, 2])
async def test_a_database_is_new_for_each_test(empty_database: ThrowawayDatabase, _round: int) -> None:
    await value_of(empty_database.owner_url, "CREATE TABLE once (id int)")

    assert await value_of(empty_database.owner_url, "INSERT INTO once VALUES (7) RETURNING id") == 7


async def test_text_is_utf8_and_sorts_by_code_point(empty_database: ThrowawayDatabase) -> None:
    query = "SELECT datlocprovider::text || ' ' || datlocale || ' ' || pg_encoding_to_char(encoding) FROM pg_database "

    assert await value_of(empty_database.app_url, query + "WHERE datname = current_database()") == "b C.UTF-8 UTF8"


@pytest.mark.parametrize("round_number", [1, 2])
def test_valkey_is_empty_for_each_test(redis_url: str, round_number: int) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.set("seen", round_number) is True


def test_a_repr_shows_no_password(empty_database: ThrowawayDatabase) -> None:
    password = empty_database.secrets.app_password

    assert password in empty_database.app_url
    assert password not in repr(empty_database)
    assert password not in repr(empty_database.secrets)
