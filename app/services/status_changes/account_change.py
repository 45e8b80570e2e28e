"""A bulk status change inside one ad account: the platform is told, and what it accepted is written, piece by piece.

While the platform is asked about a piece, the account is locked against other changes and syncs of its tree: both
sides see two changes of one ad in the same order.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import act_for_tenant, tenant_transaction, work_transaction
from app.errors import ProviderError, ProviderThrottledError, RequestRefusedError, TokenRejectedError
from app.observability.correlation import current_correlation_id
from app.observability.logging import get_logger
from app.observability.shortening import presentable
from app.queries.connections.connections import find_connection, lock_connection
from app.queries.jobs.call_pauses import find_pause
from app.queries.status_changes.status_changes import AuditEntry, apply_status, insert_audit_events, lock_targets
from app.services.jobs.new_jobs import AccountKey
from app.services.platform.connection_health import end_parked, mark_unhealthy
from app.services.platform.provider_access import open_provider
from app.services.platform.throttle_scopes import pause_scopes
from app.services.status_changes.values import StatusFailure, StatusFailureCode, archived, failure_code, refused
from app.services.work_requests.delivery_requests import request_poll
from app.vocabulary import ConnectionTrouble, EntityStatus, UseCase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection
    from app.queries.status_changes.status_changes import Target
    from app.services.context import Services
    from app.services.platform.throttle_patience import ThrottlePatience
    from app.services.status_changes.values import StatusRequest

log = get_logger(__name__)

# Between two writes of ours at most this many changes are known to the platform alone.
PIECE = 50
# An answer to one id that holds for every id after it.
_FOR_ALL = (ProviderThrottledError, TokenRejectedError)
_ENDED = frozenset({EntityStatus.ARCHIVED, EntityStatus.DELETED})


class AccountChange:
    """One request's part in one account."""

    def __init__(
        self,
        services: Services,
        request: StatusRequest,
        *,
        account_id: UUID,
        audit_id: UUID,
        patience: ThrottlePatience,
    ) -> None:
        self._services = services
        self._patience = patience
        self._request = request
        self._account_id = account_id
        self._audit_id = audit_id
        self._failures: list[StatusFailure] = []
        self._changed: AccountKey | None = None

    async def apply(self, ids: Sequence[UUID]) -> list[StatusFailure]:
        """Set the status of these entities of the account; answers those it was not set for.

        A throttle that ends soon is waited for, without a lock or a transaction, and what it struck is sent again. What
        became of the account's delivery is polled once, soon after.
        """
        waiting = list(ids)
        while waiting:
            piece, rest = waiting[:PIECE], waiting[PIECE:]
            stopped = await self._try_piece(piece)
            if isinstance(stopped, ProviderThrottledError) and await self._patience.outlasts(stopped):
                waiting = [*self._take_back_throttled(piece), *rest]
            elif stopped is not None:
                self._give_up(rest, stopped)
                break
            else:
                waiting = rest
        if self._changed is not None:
            await request_poll(self._services, self._changed)
        return self._failures

    async def _try_piece(self, piece: Sequence[UUID]) -> ProviderError | None:
        """The answer that holds for all that follow, if there was one."""
        asked_at = clock.now()
        try:
            await self._check_pauses()
            stopped = await self._apply_piece(piece)
        except ProviderError as error:
            self._give_up(piece, error)
            stopped = error
        if isinstance(stopped, TokenRejectedError):
            await self._mark_dead(stopped, asked_at=asked_at)
        return stopped

    def _take_back_throttled(self, piece: Sequence[UUID]) -> list[UUID]:
        """The ids of the piece that a throttle struck, in their order; they are failures no more."""
        struck = {each.entity_id for each in self._failures if each.code is StatusFailureCode.THROTTLED}
        self._failures = [each for each in self._failures if each.code is not StatusFailureCode.THROTTLED]
        return [each for each in piece if each in struck]

    async def _check_pauses(self) -> None:
        """Raises ProviderThrottledError while the platform wants no such call, be it of this account or of the app."""
        seller_id = self._request.seller_id
        async with work_transaction(self._services.database.app) as driver:
            await act_for_tenant(driver, seller_id)
            connection = await find_connection(driver, seller_id=seller_id, connection_id=self._account_id)
            if connection is None:
                raise RequestRefusedError("the ad account is gone")
            scopes = pause_scopes(connection.id, UseCase.ADS_MANAGEMENT, provider=connection.provider)
            pause = await find_pause(driver, scopes)
        if pause is not None:
            message = f"No call is made before {pause.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {pause.reason}"
            raise ProviderThrottledError(message, retry_at=pause.until, use_case=UseCase.ADS_MANAGEMENT)

    async def _mark_dead(self, error: TokenRejectedError, *, asked_at: datetime) -> None:
        """As background work does. A missing permission marks nothing: a token that may only read keeps its syncs."""
        async with work_transaction(self._services.database.app) as driver:
            is_unhealthy = await mark_unhealthy(
                driver,
                seller_id=self._request.seller_id,
                connection_id=self._account_id,
                trouble=ConnectionTrouble.TOKEN,
                reason=presentable(str(error)),
                claimed_at=asked_at,
            )
        if is_unhealthy:
            await end_parked(self._services, connection_id=self._account_id)

    async def _apply_piece(self, ids: Sequence[UUID]) -> ProviderError | None:
        """The answer that holds for all that follow, if there was one."""
        seller_id, level = self._request.seller_id, self._request.level
        async with tenant_transaction(self._services.database.app, seller_id) as driver:
            connection = await self._lock_connection(driver)
            provider = open_provider(self._services, connection)
            locked = await lock_targets(driver, seller_id=seller_id, level=level, ids=ids)
            self._failures.extend(archived(target.id, target.status) for target in locked if target.status in _ENDED)
            targets = [target for target in locked if target.status not in _ENDED]
            if not targets:
                return None
            names = [target.external_id for target in targets]
            outcomes = await provider.set_status(level, names, self._request.status)
            pairs = list(zip(targets, outcomes, strict=True))
            await self._write(driver, [target for target, outcome in pairs if outcome.accepted])
        if any(outcome.accepted for outcome in outcomes):
            self._changed = AccountKey(seller_id, connection.id, connection.provider)
        self._failures.extend(
            refused(target.id, outcome.error, outcome.cause) for target, outcome in pairs if outcome.error is not None
        )
        return next((outcome.cause for outcome in outcomes if isinstance(outcome.cause, _FOR_ALL)), None)

    async def _lock_connection(self, driver: Driver) -> Connection:
        connection = await lock_connection(
            driver,
            seller_id=self._request.seller_id,
            connection_id=self._account_id,
        )
        if connection is None:
            raise RequestRefusedError("the ad account is gone")
        return connection

    async def _write(self, driver: Driver, accepted: Sequence[Target]) -> None:
        if not accepted:
            return
        now = clock.now()
        await apply_status(
            driver,
            seller_id=self._request.seller_id,
            level=self._request.level,
            ids=[target.id for target in accepted],
            status=self._request.status,
            now=now,
        )
        await insert_audit_events(
            driver,
            [self._audit_entry(target) for target in accepted],
            seller_id=self._request.seller_id,
            batch_id=self._audit_id,
            actor_id=self._request.actor_id,
            correlation_id=current_correlation_id(),
            now=now,
        )

    def _audit_entry(self, target: Target) -> AuditEntry:
        return AuditEntry(
            subject_type=self._request.level.name,
            subject_id=target.id,
            action=f"setStatus.{self._request.action}",
            before={"status": target.status},
            after={"status": self._request.status},
            platform_answer={"accepted": True},
        )

    def _give_up(self, ids: Sequence[UUID], error: ProviderError) -> None:
        if not ids:
            return
        log.warning("the platform rejects status changes", reason=str(error), left=len(ids))
        code = failure_code(error)
        self._failures.extend(StatusFailure(entity_id=each, code=code, message=str(error)) for each in ids)
