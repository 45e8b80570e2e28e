"""Whether an answer says that its call failed: Meta's `error`, in whatever form it comes."""

from __future__ import annotations

from typing import cast

from app.providers.meta.node import Node


def find_error(body: Node, *, is_success: bool) -> Node | None:
    """What `error` says; None where it says nothing.

    An object with content is an error always. Any other form is one where the call failed (`is_success`: its status
    says that it did not), or where nothing else came: what was asked for is read where it is there.
    """
    value = body.fields.get("error")
    if not value:
        return None
    if isinstance(value, dict):
        return _node(cast("dict[str, object]", value))
    if is_success and len(body.fields) > 1:
        return None
    return _in_words(value)


def _in_words(value: object) -> Node:
    """The first object of a list, or a text as the message."""
    for each in cast("list[object]", value) if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            return _node(cast("dict[str, object]", each))
        if isinstance(each, str):
            return _node({"message": each})
    return _node({})


def _node(fields: dict[str, object]) -> Node:
    return Node(fields, "the body.error")
