"""What a transport records about an operation for logs and metrics: name, kind, and the runs it created."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from strawberry.types.graphql import OperationType

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

__all__ = ["OperationRecord", "abandonable", "is_mutation", "record_login_of", "record_run_of", "recording"]


@dataclass
class OperationRecord:
    """`kind` is query, mutation, subscription, or unknown until the transport has set it from the document.

    `run_ids`: the runs that its mutations created or changed. `in_abandonable_part`: see `abandonable`. `values`: how
    many its answer has. `login`: the user and the seller whose password was right.
    """

    name: str | None = None
    kind: str = "unknown"
    run_ids: list[UUID] = field(default_factory=list["UUID"])
    in_abandonable_part: bool = False
    values: int = 0
    login: tuple[UUID, UUID] | None = None

    @property
    def may_be_abandoned(self) -> bool:
        """Whether the current work can be cancelled once the client has disconnected."""
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


def is_mutation() -> bool:
    """Whether the current operation may change something."""
    record = _current.get()
    return record is not None and record.kind == OperationType.MUTATION.value


def record_run_of(run_id: UUID | None) -> None:
    """Note that the current operation, if any, has made or changed this run."""
    record = _current.get()
    if record is not None and run_id is not None:
        record.run_ids.append(run_id)


def record_login_of(user_id: UUID, seller_id: UUID) -> None:
    """The current operation has logged this user in."""
    record = _current.get()
    if record is not None:
        record.login = user_id, seller_id


@contextmanager
def abandonable() -> Generator[None]:
    """Mark a part of a mutation that only matters to the waiting client: it is cancelled if the client disconnects."""
    record = _current.get() or OperationRecord()
    record.in_abandonable_part = True
    try:
        yield
    finally:
        record.in_abandonable_part = False
