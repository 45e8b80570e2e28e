from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from app.configuration.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Complete settings that point at no server."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:pw@127.0.0.1:1/none")
    monkeypatch.setenv("SYSTEM_DATABASE_URL", "postgresql://system:pw@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("AUTH_SECRET", "a" * 40)
    monkeypatch.setenv("TOKEN_ENCRYPTION_KEYS", f"k1:{base64.b64encode(bytes(32)).decode()}")
    monkeypatch.setenv("ACCESS_TOKEN_MINUTES", "15")
    return Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the required fields


@pytest.fixture
def other_secret(settings: Settings) -> Settings:
    return settings.model_copy(update={"auth_secret": SecretStr("b" * 40)})
