"""The shape of the messages of graphql-transport-ws. Whether one makes sense now is the protocol's question."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["fault_of"]

# Every message about an operation repeats its id; a UUID has 36 characters.
ID_CHARACTERS = 128


def fault_of(message: object) -> str | None:
    """What is wrong with the shape of a message; None if nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):  # pyright: ignore[reportUnknownMemberType]
        return "A message must be an object with a type."
    fields = cast("dict[str, Any]", message)
    if fields["type"] in {"subscribe", "complete"} and not _is_id(fields.get("id")):
        return f"The message must have an id of at most {ID_CHARACTERS} characters."
    if fields["type"] != "subscribe":
        return None
    payload = fields.get("payload")
    if not isinstance(payload, dict):
        return "The message must have a payload."
    return _fault_of_request(cast("dict[str, Any]", payload))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) <= ID_CHARACTERS


def _fault_of_request(payload: dict[str, Any]) -> str | None:
    if not isinstance(payload.get("query"), str):
        return "query must be a GraphQL document in a string."
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName must be a string."
    if not isinstance(payload.get("variables"), dict | None):
        return "variables must be an object."
    return None
