"""The format of TOKEN_ENCRYPTION_KEYS: `key_id:base64 of 32 bytes`, comma separated. Messages quote no key."""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["parse_encryption_keys"]

KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_FORMAT = "must be key_id:base64 of 32 bytes, comma separated"


def parse_encryption_keys(text: str) -> dict[str, bytes]:
    """The keys by their ids, in the order given.

    Raises ValueError, as text to follow the setting's name: the format, which entry is wrong, and why.
    """
    keys: dict[str, bytes] = {}
    for place, entry in enumerate(text.split(","), start=1):
        key_id, _, encoded = entry.strip().partition(":")
        if fault := _fault_of(key_id, encoded, keys):
            message = f"{_FORMAT}: {fault.format(place=place)}"
            raise ValueError(message)
        keys[key_id] = base64.b64decode(encoded)
    return keys


def _fault_of(key_id: str, encoded: str, before: dict[str, bytes]) -> str | None:
    if not _KEY_ID.fullmatch(key_id):
        return "entry {place} has no id of 1 to 32 letters, digits, '-' or '_'"
    if key_id in before:
        return "entry {place} repeats an id"
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "the key of entry {place} is not base64"
    return None if len(key) == KEY_BYTES else f"the key of entry {{place}} has {len(key)} bytes"
