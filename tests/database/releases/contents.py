"""What each release's file holds besides the golden seller's numbers, and the settings that can read it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.configuration.settings import Settings

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase

EMAIL, PASSWORD = "owner@golden.example", "correct horse battery staple"
TOKEN = SecretStr("the-token-of-hanoi")
KEYS = SecretStr(f"release:{base64.b64encode(bytes(range(32))).decode()}")


def settings_of(database: ThrowawayDatabase, redis_url: str) -> Settings:
    """Of a process of any release."""
    return Settings.model_validate(
        {
            "database_url": database.app_url,
            "system_database_url": database.system_url,
            "redis_url": redis_url,
            "auth_secret": "signs nothing that outlives a test",
            "token_encryption_keys": KEYS,
        }
    )
