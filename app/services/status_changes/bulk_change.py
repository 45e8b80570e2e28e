"""Pausing and activating in bulk. Meta is told first; a row of ours changes only when Meta accepted.

Each id has its own outcome, and one failure does not stop the others. What Meta accepted is written account by
account as it comes, with an audit event for each change in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.queries.idempotency import RequestKey
from app.queries.status_changes.status_changes import load_targets
from app.services.idempotency import once
from app.services.platform.throttle_patience import ThrottlePatience
from app.services.status_changes.account_change import AccountChange
from app.services.status_changes.values import (
    StatusAction,
    StatusChange,
    StatusFailure,
    StatusFailureCode,
    StatusRequest,
    not_found,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.metrics.levels import Level
    from app.services.context import Services

__all__ = ["StatusAction", "StatusChange", "StatusFailure", "StatusFailureCode", "set_status"]

OPERATION = "setStatus"


async def set_status(
    services: Services,
    *,
    seller_id: UUID,
    actor_id: UUID,
    level: Level,
    entity_ids: Sequence[UUID],
    action: StatusAction,
    idempotency_key: str | None = None,
) -> StatusChange:
    """Pause or activate campaigns, ad sets or ads.

    With an idempotency key, the actor's same request within 24 hours gets the first one's answer and does nothing;
    another request of theirs under that key, or one while the first is at work, raises ConflictError. The same key
    of another actor is another request.
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
        RequestKey(seller_id, actor_id, OPERATION, idempotency_key),
        request=[level.name, action, [str(entity_id) for entity_id in request.ids]],
        answer_type=StatusChange,
        work=lambda: _set_status(services, request),
    )


async def _set_status(services: Services, request: StatusRequest) -> StatusChange:
    audit_id = new_id()
    async with tenant_transaction(services.database.app, request.seller_id) as driver:
        targets = await load_targets(driver, seller_id=request.seller_id, level=request.level, ids=request.ids)
    failures = {entity_id: not_found(entity_id) for entity_id in request.ids if entity_id not in targets}
    by_account: dict[UUID, list[UUID]] = {}
    for entity_id in request.ids:
        if entity_id not in failures:
            by_account.setdefault(targets[entity_id].account_id, []).append(entity_id)
    patience = ThrottlePatience()
    for account_id, of_account in by_account.items():
        account = AccountChange(services, request, account_id=account_id, audit_id=audit_id, patience=patience)
        for failure in await account.apply(of_account):
            failures[failure.entity_id] = failure
    return StatusChange(
        succeeded=tuple(entity_id for entity_id in request.ids if entity_id not in failures),
        failed=tuple(failures[entity_id] for entity_id in request.ids if entity_id in failures),
        audit_id=audit_id,
    )
