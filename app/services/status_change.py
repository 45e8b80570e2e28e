"""Pausing and activating in bulk. Meta is told first; a row of ours changes only when Meta accepted.

Each id has its own outcome, and one failure does not stop the others. What Meta accepted is written account by
account as it comes, with an audit event for each change in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 - an answer that is kept for its key is read by its annotations

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import (
    ProviderError,
    ProviderPermanentError,
    ProviderThrottledError,
    RequestRefusedError,
)
from app.identifiers import new_id
from app.observability.correlation import current_correlation_id
from app.observability.logging import get_logger
from app.queries.connections import find_connection
from app.queries.status_changes import AuditEntry, apply_status, insert_audit_events, load_targets
from app.services.idempotency import once
from app.services.provider_access import open_provider
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.metrics.levels import Level
    from app.providers.contract import StatusOutcome
    from app.queries.connections import Connection
    from app.queries.status_changes import Target
    from app.services.context import Services

log = get_logger(__name__)

OPERATION = "setStatus"
# Between two writes of ours at most this many changes are known to Meta alone.
CHUNK = 50


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
    actor_id: UUID | None
    level: Level
    ids: tuple[UUID, ...]
    action: StatusAction

    @property
    def status(self) -> EntityStatus:
        return EntityStatus.PAUSED if self.action is StatusAction.PAUSE else EntityStatus.ACTIVE


async def set_status(
    services: Services,
    *,
    seller_id: UUID,
    actor_id: UUID | None,
    level: Level,
    entity_ids: Sequence[UUID],
    action: StatusAction,
    idempotency_key: str | None = None,
) -> StatusChange:
    """Pause or activate campaigns, ad sets or ads.

    With an idempotency key, the same request within 24 hours gets the first one's answer and does nothing; another
    request under that key, or one while the first is at work, raises ConflictError.
    """
    request = StatusRequest(
        seller_id=seller_id,
        actor_id=actor_id,
        level=level,
        ids=tuple(dict.fromkeys(entity_ids)),
        action=action,
    )
    if idempotency_key is None:
        return await _set_status(services, request)
    return await once(
        services,
        seller_id=seller_id,
        operation=OPERATION,
        key=idempotency_key,
        request=[level.name, action, [str(entity_id) for entity_id in request.ids]],
        answer_type=StatusChange,
        work=lambda: _set_status(services, request),
    )


async def _set_status(services: Services, request: StatusRequest) -> StatusChange:
    audit_id = new_id()
    async with tenant_transaction(services.database.app, request.seller_id) as driver:
        targets = await load_targets(driver, seller_id=request.seller_id, level=request.level, ids=request.ids)
    failures = {failure.entity_id: failure for failure in _unchangeable(request, targets)}
    by_account: dict[UUID, list[Target]] = {}
    for entity_id in request.ids:
        if entity_id not in failures:
            by_account.setdefault(targets[entity_id].account_id, []).append(targets[entity_id])
    for account_id, of_account in by_account.items():
        for failure in await _set_in_account(services, request, account_id, of_account, audit_id):
            failures[failure.entity_id] = failure
    return StatusChange(
        succeeded=tuple(entity_id for entity_id in request.ids if entity_id not in failures),
        failed=tuple(failures[entity_id] for entity_id in request.ids if entity_id in failures),
        audit_id=audit_id,
    )


def _unchangeable(request: StatusRequest, targets: Mapping[UUID, Target]) -> Iterable[StatusFailure]:
    for entity_id in request.ids:
        target = targets.get(entity_id)
        if target is None:
            yield StatusFailure(
                entity_id=entity_id, code=StatusFailureCode.NOT_FOUND, message="There is no such thing."
            )
        elif target.status in {EntityStatus.ARCHIVED, EntityStatus.DELETED}:
            word = target.status.lower()
            message = f"It is {word}; its status can't be set any more."
            yield StatusFailure(entity_id=entity_id, code=StatusFailureCode.ARCHIVED, message=message)


async def _set_in_account(
    services: Services,
    request: StatusRequest,
    account_id: UUID,
    targets: Sequence[Target],
    audit_id: UUID,
) -> list[StatusFailure]:
    async with tenant_transaction(services.database.app, request.seller_id) as driver:
        connection = await find_connection(driver, seller_id=request.seller_id, connection_id=account_id)
    failures: list[StatusFailure] = []
    for start in range(0, len(targets), CHUNK):
        chunk = targets[start : start + CHUNK]
        try:
            outcomes = await _tell_platform(services, request, connection, chunk)
        except ProviderError as error:
            log.warning("the platform does not take status changes", reason=str(error), left=len(targets) - start)
            failures.extend(_failures_of(error, targets[start:], connection))
            break
        failures.extend(await _record(services, request, chunk, outcomes, audit_id))
    return failures


async def _tell_platform(
    services: Services,
    request: StatusRequest,
    connection: Connection | None,
    targets: Sequence[Target],
) -> Sequence[StatusOutcome]:
    if connection is None:
        raise RequestRefusedError("the ad account is gone")
    provider = open_provider(services, connection)
    return await provider.set_status(request.level, [target.external_id for target in targets], request.status)


def _failures_of(
    error: ProviderError,
    targets: Sequence[Target],
    connection: Connection | None,
) -> Iterable[StatusFailure]:
    if isinstance(error, ProviderThrottledError):
        code = StatusFailureCode.THROTTLED
    elif isinstance(error, ProviderPermanentError) or connection is None:
        code = StatusFailureCode.ACCOUNT_UNAVAILABLE
    else:
        code = StatusFailureCode.UPSTREAM_UNAVAILABLE
    return [StatusFailure(entity_id=target.id, code=code, message=str(error)) for target in targets]


async def _record(
    services: Services,
    request: StatusRequest,
    targets: Sequence[Target],
    outcomes: Sequence[StatusOutcome],
    audit_id: UUID,
) -> list[StatusFailure]:
    pairs = list(zip(targets, outcomes, strict=True))
    accepted = [target for target, outcome in pairs if outcome.accepted]
    if accepted:
        async with tenant_transaction(services.database.app, request.seller_id) as driver:
            now = clock.now()
            await apply_status(
                driver,
                seller_id=request.seller_id,
                level=request.level,
                ids=[target.id for target in accepted],
                status=request.status,
                now=now,
            )
            await insert_audit_events(
                driver,
                [_audit_entry(request, target) for target in accepted],
                seller_id=request.seller_id,
                batch_id=audit_id,
                actor_id=request.actor_id,
                correlation_id=current_correlation_id(),
                now=now,
            )
    return [
        StatusFailure(entity_id=target.id, code=StatusFailureCode.REFUSED, message=outcome.error)
        for target, outcome in pairs
        if outcome.error is not None
    ]


def _audit_entry(request: StatusRequest, target: Target) -> AuditEntry:
    return AuditEntry(
        subject_type=request.level.name,
        subject_id=target.id,
        action=f"{OPERATION}.{request.action}",
        before={"status": target.status},
        after={"status": request.status},
        platform_answer={"accepted": True},
    )
