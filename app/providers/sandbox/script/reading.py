"""Reading scripted values from data, the same way wherever they come from: a control call or a scenario's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = TypeVar("Value")


def read_each(kind: type[Value], document: object) -> Sequence[Value]:
    """One value of a kind or a list of them; raises ValueError saying what is wrong."""
    adapter = TypeAdapter(kind)
    documents = cast("list[object]", document) if isinstance(document, list) else [document]
    return [adapter.validate_python(each) for each in documents]
