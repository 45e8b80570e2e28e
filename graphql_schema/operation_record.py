"""Lets a transport learn what an operation was once it ran, for its logs and metrics. Changes nothing of it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strawberry.extensions import SchemaExtension

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OperationRecord", "RecordOperation", "recording"]


@dataclass
class OperationRecord:
    """`kind` is query, mutation, subscription, or unknown where no operation could be made out."""

    name: str | None = None
    kind: str = "unknown"


_current: ContextVar[OperationRecord | None] = ContextVar("operation_record", default=None)


@contextmanager
def recording() -> Generator[OperationRecord]:
    """Operations that run within fill the record."""
    record = OperationRecord()
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)


class RecordOperation(SchemaExtension):
    """Part of every PixecomSchema."""

    def on_parse(self) -> Generator[None]:
        yield
        record = _current.get()
        context = self.execution_context
        if record is not None and context.graphql_document is not None:
            record.name = context.operation_name
            record.kind = context.operation_type.value
