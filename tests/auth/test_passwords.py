from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.auth import passwords
from app.auth.passwords import NICER, hash_password, needs_rehash, verify_password


async def test_the_right_password_and_only_it_is_accepted() -> None:
    stored = await hash_password("correct horse")

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await verify_password(stored, "correct horse") is True
    assert await verify_password(stored, "correct horse ") is False
    assert await verify_password(stored, "") is False


async def test_the_same_password_gets_another_salt_each_time() -> None:
    assert await hash_password("same") != await hash_password("same")


async def test_an_unknown_user_costs_a_full_computation_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    class Recording(PasswordHasher):
        __slots__ = ()

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # the library's name
            checked.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Recording.from_parameters(RFC_9106_LOW_MEMORY))

    assert await verify_password(None, "whatever") is False
    assert [extract_parameters(item) for item in checked] == [RFC_9106_LOW_MEMORY]


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$broken"])
async def test_a_damaged_hash_is_never_right(stored: str) -> None:
    assert await verify_password(stored, "plain") is False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
async def test_hashing_gives_way_to_the_rest_of_the_process() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    of_the_loop = niceness()
    of_hashing = await asyncio.get_running_loop().run_in_executor(passwords._POOL, niceness)
    assert of_hashing == min(19, of_the_loop + NICER)
    assert niceness() == of_the_loop


async def test_a_hash_of_other_costs_wants_to_be_renewed() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")) is True
    assert needs_rehash(await hash_password("x")) is False
