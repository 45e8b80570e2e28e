from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from strawberry.types.graphql import OperationType

from app.configuration.settings import Settings
from graphql_schema.documents.preparing import DocumentRequest, Documents
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_schema.documents.preparing import Preparation

ANY_KIND = frozenset(OperationType)


def request(text: str, name: str | None = None, *, anonymous: bool = False) -> DocumentRequest:
    return DocumentRequest(text=text, name=name, kinds=ANY_KIND, anonymous=anonymous)


@pytest.fixture
def plain_settings() -> Settings:
    """Complete settings that point at no server."""
    return Settings.model_validate(
        {
            "database_url": "postgresql://app:pw@127.0.0.1:1/none",
            "system_database_url": "postgresql://system:pw@127.0.0.1:1/none",
            "redis_url": "redis://127.0.0.1:1/0",
            "auth_secret": "a" * 40,
            "token_encryption_keys": f"k1:{base64.b64encode(bytes(32)).decode()}",
        }
    )


@pytest.fixture
def open_documents(plain_settings: Settings) -> Callable[..., Documents]:
    """The documents of the API's schema; settings may be changed by keyword."""

    def _open(**changes: object) -> Documents:
        return Documents(schema, plain_settings.model_copy(update=changes))

    return _open


@pytest.fixture
def prepare(open_documents: Callable[..., Documents]) -> Callable[[str], Preparation]:
    documents = open_documents()
    return lambda text: documents.prepare(request(text))
