"""Lets a transport learn what an operation was once it ran, for its logs and metrics. Changes nothing of it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

__all__ = ["OperationRecord", "RecordOperation", "abandonable", "record_run_of", "recording"]


@dataclass
class OperationRecord:
    """`kind` is query, mutation, subscription, or unknown where no operation could be made out.

    `run_ids`: the runs that its mutations made or changed. `in_abandonable_part`: see `abandonable`.
    """

    name: str | None = None
    kind: str = "unknown"
    run_ids: list[UUID] = field(default_factory=list["UUID"])
    in_abandonable_part: bool = False

    @property
    def may_be_abandoned(self) -> bool:
        """Whether nobody misses what is being done now, once the client is gone."""
        return self.kind == OperationType.QUERY.value or self.in_abandonable_part


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


def record_run_of(run_id: UUID | None) -> None:
    """The operation that is run has made or changed this run, if any; outside of one it is nobody's to know."""
    record = _current.get()
    if record is not None and run_id is not None:
        record.run_ids.append(run_id)


@contextmanager
def abandonable() -> Generator[None]:
    """A part of a mutation that changes nothing for anybody but the one who waits: it ends when its client goes."""
    record = _current.get() or OperationRecord()
    record.in_abandonable_part = True
    try:
        yield
    finally:
        record.in_abandonable_part = False


class RecordOperation(SchemaExtension):
    """Part of every PixecomSchema."""

    def on_parse(self) -> Generator[None]:
        yield
        record = _current.get()
        context = self.execution_context
        if record is not None and context.graphql_document is not None:
            record.name = context.operation_name
            record.kind = context.operation_type.value
