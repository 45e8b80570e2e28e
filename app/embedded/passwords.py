"""Passwords and keys of a development installation, generated once and kept in its data directory (mode 0600).

They carry a mark, so that production can recognize and reject them. In older data directories only the key has one.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from app.configuration.secret_strength import GENERATED_KEY_ID, GENERATED_MARK

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "secrets.json"


def _password() -> str:
    return f"{GENERATED_MARK}{secrets.token_urlsafe(24)}"


def _signing_secret() -> str:
    return f"{GENERATED_MARK}{secrets.token_urlsafe(48)}"


def _encryption_keys() -> str:
    return f"{GENERATED_KEY_ID}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


@dataclass(frozen=True)
class GeneratedSecrets:
    """None of these appears in a repr."""

    superuser_password: str = field(default_factory=_password, repr=False)
    owner_password: str = field(default_factory=_password, repr=False)
    app_password: str = field(default_factory=_password, repr=False)
    system_password: str = field(default_factory=_password, repr=False)
    valkey_password: str = field(default_factory=_password, repr=False)
    auth_secret: str = field(default_factory=_signing_secret, repr=False)
    token_encryption_keys: str = field(default_factory=_encryption_keys, repr=False)


def read_secrets(directory: Path) -> GeneratedSecrets:
    """The secrets of an installation that has run before; raises FileNotFoundError if it hasn't."""
    return GeneratedSecrets(**json.loads((directory / FILE_NAME).read_text()))


def ensure_secrets(directory: Path) -> GeneratedSecrets:
    """The secrets of this installation, made at its first run."""
    try:
        return read_secrets(directory)
    except FileNotFoundError:
        generated = GeneratedSecrets()
        write_private(directory / FILE_NAME, json.dumps(asdict(generated), indent=1))
        return generated


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read; a reader sees the old content or the new, never half of it."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
