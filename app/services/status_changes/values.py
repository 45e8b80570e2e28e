"""The words of a bulk status change: what is asked, and what became of each id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003  # answers are read back from JSON by their annotations

from app.errors import PermissionDeniedError, ProviderPermanentError, ProviderThrottledError, RequestRefusedError
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from app.errors import ProviderError
    from app.metrics.levels import Level


class StatusAction(StrEnum):
    PAUSE = "PAUSE"
    ACTIVATE = "ACTIVATE"


class StatusFailureCode(StrEnum):
    """Why an id's status was not set."""

    NOT_FOUND = "NOT_FOUND"
    ARCHIVED = "ARCHIVED"
    REFUSED = "REFUSED"
    ACCOUNT_UNAVAILABLE = "ACCOUNT_UNAVAILABLE"
    THROTTLED = "THROTTLED"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFailure:
    """An id whose status was not set, and why."""

    entity_id: UUID
    code: StatusFailureCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What became of each id, in the order asked for; `audit_id` names the events of this request."""

    succeeded: tuple[UUID, ...]
    failed: tuple[StatusFailure, ...]
    audit_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    """One request; `ids` without duplicates."""

    seller_id: UUID
    actor_id: UUID
    level: Level
    ids: tuple[UUID, ...]
    action: StatusAction

    @property
    def status(self) -> EntityStatus:
        return EntityStatus.PAUSED if self.action is StatusAction.PAUSE else EntityStatus.ACTIVE


def not_found(entity_id: UUID) -> StatusFailure:
    """Another seller's, or no one's: the same."""
    return StatusFailure(entity_id=entity_id, code=StatusFailureCode.NOT_FOUND, message="There is no such thing.")


def archived(entity_id: UUID, status: EntityStatus) -> StatusFailure:
    """Its life is over on the platform."""
    message = f"It is {status.lower()}; its status can't be set any more."
    return StatusFailure(entity_id=entity_id, code=StatusFailureCode.ARCHIVED, message=message)


def refused(entity_id: UUID, message: str, cause: ProviderError | None) -> StatusFailure:
    """The platform's answer for this one id."""
    if cause is None or isinstance(cause, RequestRefusedError | PermissionDeniedError):
        code = StatusFailureCode.REFUSED
    else:
        code = failure_code(cause)
    return StatusFailure(entity_id=entity_id, code=code, message=message)


def failure_code(error: ProviderError) -> StatusFailureCode:
    """What a failure of the platform means for an id that it concerns as one of many."""
    if isinstance(error, ProviderThrottledError):
        return StatusFailureCode.THROTTLED
    if isinstance(error, ProviderPermanentError):
        return StatusFailureCode.ACCOUNT_UNAVAILABLE
    return StatusFailureCode.UPSTREAM_UNAVAILABLE
