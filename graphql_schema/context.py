"""What resolvers get as `info.context`: who asks, the services, and what this request reads."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

import strawberry

from app.errors import UnauthenticatedError
from app.services.following.streams import stay_member
from app.services.limits.work_allowance import WorkAllowance
from app.services.reads.request_reader import Reading
from app.services.reads.request_snapshot import RequestOverError
from graphql_schema.errors import UNAUTHENTICATED_SENTENCE
from graphql_schema.fields.loaders import Loaders
from graphql_schema.fields.point_budget import PointBudget
from graphql_schema.fields.turns import Turns
from graphql_schema.types.permissions import Permission, check_permission

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from app.auth.access_tokens import AccessClaims
    from app.queries.viewers import ViewerRow
    from app.services.context import Services


class Context:
    """One request's. Everything but `services` and `client_address` demands an access token.

    `turn`: entered while a subscription starts, where a request is not a turn as a whole.
    """

    def __init__(self, services: Services, claims: AccessClaims | None, *, client_address: str = "unknown") -> None:
        self.services = services
        self.client_address = client_address
        self.turns = Turns()
        self.points = PointBudget(self.turns)
        self.turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
        self._claims = claims
        self._opened: tuple[Reading, Loaders] | None = None
        self._over = False

    @property
    def caller(self) -> AccessClaims:
        """The caller. Raises UnauthenticatedError if there is none."""
        if self._claims is None:
            raise UnauthenticatedError(UNAUTHENTICATED_SENTENCE)
        return self._claims

    async def member_with(self, permission: Permission) -> ViewerRow:
        """Who asks, if they may do this as a member of now, whatever the role was when the token was issued.

        Raises UnauthenticatedError or ForbiddenError. What was read is given up, before and after: the answer is of
        this moment, a mutation that waits for the platform holds no connection, and its payload is read after its
        commit.
        """
        await self.start_over()
        member = await self.reading.get_viewer()
        await self.start_over()
        check_permission(member.role, permission)
        return member

    @property
    def allowance(self) -> WorkAllowance:
        """What the caller may start."""
        services, caller = self.services, self.caller
        return WorkAllowance(
            services.work_buckets, services.settings, seller_id=caller.seller_id, user_id=caller.user_id
        )

    async def check_member(self) -> None:
        """Raise NotAMemberError unless the caller is a member, as of what is read from here on."""
        await self.reading.open()

    async def stay_member(self) -> None:
        """Wait for as long as the caller is a member; raises NotAMemberError, and never returns. Reads nothing else."""
        caller = self.caller
        await stay_member(self.services, seller_id=caller.seller_id, user_id=caller.user_id)

    @property
    def max_range_days(self) -> int:
        return self.services.settings.max_range_days

    @property
    def reading(self) -> Reading:
        return self._open()[0]

    @property
    def loaders(self) -> Loaders:
        return self._open()[1]

    def _open(self) -> tuple[Reading, Loaders]:
        if self._over:  # a resolver that outlived its operation, because a sibling's failure ended it
            raise RequestOverError
        if self._opened is None:
            caller = self.caller
            reading = Reading(self.services, seller_id=caller.seller_id, user_id=caller.user_id)
            self._opened = reading, Loaders(reading, self.turns)
        return self._opened

    async def start_over(self) -> None:
        """Give up what was read so far: what is read next sees everything that is committed by now."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[0].close()
            await opened[1].forget()

    @asynccontextmanager
    async def starting(self) -> AsyncGenerator[None]:
        """Start a subscription in a turn of the caller's, within which all that was read is given up."""
        async with self.turn():
            try:
                yield
            finally:
                await self.start_over()

    async def close(self) -> None:
        """Nothing is read any more, and the connection is given back."""
        self._over = True
        await self.start_over()


Info = strawberry.Info[Context, None]


@asynccontextmanager
async def open_context(
    services: Services, claims: AccessClaims | None, *, client_address: str = "unknown"
) -> AsyncGenerator[Context]:
    """The context of one request; its connection is given back at the end, however the request ends."""
    context = Context(services, claims, client_address=client_address)
    try:
        yield context
    finally:
        await context.close()
