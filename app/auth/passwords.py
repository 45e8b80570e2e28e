"""Hashing and checking of login passwords (argon2id, RFC 9106). Never logs or stores a password.

A check costs the same whether the user exists or not, so that the time of an answer does not reveal who has an account.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

__all__ = ["NICER", "THREADS", "hash_password", "needs_rehash", "start_verifying", "verify_password"]

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Each computation takes 64 MiB: this bounds the memory that a flood of logins can take.
THREADS = 2
# What these threads add to the niceness of the process. Each computation runs on four of its own, which inherit it: on
# two cores, a flood of logins would otherwise leave the event loop a fifth of one.
NICER = 10


def _give_way() -> None:
    """Let the thread that calls this run after all others of the process; only Linux has priorities of threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICER)


_POOL = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="argon2", initializer=_give_way)


def _random_part(length: int) -> str:
    return base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")


# A well-formed hash that no password matches: checking against it takes as long as against a user's.
_NOBODY = (
    f"$argon2id$v={RFC_9106_LOW_MEMORY.version}"
    f"$m={RFC_9106_LOW_MEMORY.memory_cost},t={RFC_9106_LOW_MEMORY.time_cost},p={RFC_9106_LOW_MEMORY.parallelism}"
    f"${_random_part(RFC_9106_LOW_MEMORY.salt_len)}${_random_part(RFC_9106_LOW_MEMORY.hash_len)}"
)


async def hash_password(password: str) -> str:
    """The PHC string to store for this password; the salt is new each time."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def verify_password(stored_hash: str | None, password: str) -> bool:
    """True when the password is the one behind `stored_hash`; None stands for an unknown user and is never right."""
    return await start_verifying(stored_hash, password) and stored_hash is not None


def start_verifying(stored_hash: str | None, password: str) -> asyncio.Future[bool]:
    """Submit the check to a thread. Only for callers that keep track of free threads (`app.auth.hashing_queue`)."""
    return asyncio.get_running_loop().run_in_executor(_POOL, _matches, stored_hash or _NOBODY, password)


def needs_rehash(stored_hash: str) -> bool:
    """True when the hash was made with other costs than today's; hash again after the next good login."""
    return _HASHER.check_needs_rehash(stored_hash)


def _matches(stored_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False
