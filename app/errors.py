"""The one exception tree. What a caller may expect to happen has a class here; anything else is a fault.

PixecomError
├── SetupError                   the installation is not right; the sentence says what to do
│   ├── ServerFailedError        a server or a process of the installation does not do its work
│   │   └── UnreachableError     it does not accept a connection
│   └── WrongRoleError           a database URL connects as another role than it must
│       └── UnsafeRoleError      row-level security does not hold it back
├── InputError                   an argument is wrong; names it
│   ├── CursorExpiredError       a page walk whose pinned order is gone
│   └── MixedCurrenciesError     money of several currencies can't be compared
├── UnauthenticatedError         no valid access token
│   └── NotAMemberError          the token's user is not an active member of its seller
├── ForbiddenError               the role does not allow it
├── NotFoundError                no such thing for this tenant
├── ConflictError                the state of the thing does not allow it now
│   └── NothingToSyncError       none of what was asked for can be synced; names what is left out
├── RateLimitedError             the caller is over a limit; retry after `retry_after` seconds
│   └── DatabaseBusyError        all callers together need more connections than there are
├── UnavailableError             something of ours does not answer just now; the same may succeed soon
├── DeadlineExceededError        the request took too long; a smaller one may succeed
├── LeaseLostError               another worker owns the job; stop, write nothing
├── WaitingRoomFullError         too many jobs of this worker wait for a platform; the job waits in its queue
├── JobCancelledError            somebody cancelled the job; stop, write nothing
└── ProviderError                the ad platform did not do what was asked
    ├── ProviderThrottledError   come back at `retry_at`; not an attempt
    ├── ProviderTransientError   the same call may succeed soon
    │   ├── MisshapenError       one thing in an answer has no shape that we can read; names it
    │   ├── PlatformUnreachableError  no connection came about
    │   ├── PlatformDownError    not even the smallest question is answered
    │   └── UnfinishedWalkError  a listing broke off; what it gave is right, the rest is unknown
    ├── TooMuchDataError         ask for less
    └── ProviderPermanentError   asking again changes nothing
        ├── TokenRejectedError   the access token is dead
        ├── PermissionDeniedError
        └── RequestRefusedError  the platform refuses this request
            ├── UnexplainedRefusalError  all that is asked of one account is refused without a reason
            ├── DeadMetricError  the platform no longer knows the metric by this name
            └── OutdatedRequestError  it refuses this installation: its version, its app or what it asks
                └── FieldDroppedError  it has a field no more

`graphql_schema.errors` maps this tree to GraphQL codes, `graphql_schema.types.user_errors` to what a mutation's payload
tells as data, `app.services.jobs.failure` to what a job does next.
No message of this tree may contain a secret.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.work_requests.skipped_connections import LeftOut
    from app.vocabulary import UseCase


BUSY_RETRY_SECONDS = 5.0


class PixecomError(Exception):
    """Base of every expected failure; `str()` of it may be shown to a client."""


class SetupError(PixecomError):
    """The process can't start as configured; the message says what to change."""


class ServerFailedError(SetupError):
    """The settings may be right, but a server or a process does not start or does not do its work."""


class UnreachableError(ServerFailedError):
    """`fact` names the setting of the server, its address and the reason; `advice` says what to do."""

    def __init__(self, fact: str, *, advice: str) -> None:
        super().__init__(f"{fact}; {advice}.")
        self.fact = fact


class WrongRoleError(SetupError):
    """Names the setting and the roles, and no address: it may be shown by health checks."""


class UnsafeRoleError(WrongRoleError):
    """A database URL's role could read the rows of all tenants; nothing may be asked over it."""


class InputError(PixecomError):
    """An argument is not acceptable.

    `argument` is the path a client would write, such as `range.from` or `input.ids.3`.
    """

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(f"{argument}: {message}")
        self.argument = argument


class CursorExpiredError(InputError):
    """The cursor was good once; its pinned order is no longer kept."""


class MixedCurrenciesError(InputError):
    """The argument compares money, and what it compares is in these currencies."""

    def __init__(
        self, argument: str, currencies: list[str], *, choose_by: str = "choose one with filter.currency"
    ) -> None:
        named = ", ".join(currencies)
        super().__init__(argument, f"can't compare amounts in different currencies ({named}): {choose_by}")
        self.currencies = currencies


class UnauthenticatedError(PixecomError):
    """No access token, or one that is expired or not ours."""


class NotAMemberError(UnauthenticatedError):
    """The token is valid, but its user, its seller or the membership has been removed or deactivated."""

    def __init__(self) -> None:
        super().__init__("The access token is no longer valid.")


class ForbiddenError(PixecomError):
    """The caller is known and may not do this."""


class NotFoundError(PixecomError):
    """There is no such thing for this tenant; another tenant's thing is the same as none.

    `argument` is the path of what names it, as InputError has it, where a request has several that could.
    """

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument


class ConflictError(PixecomError):
    """The request is fine but contradicts the present state."""


class NothingToSyncError(ConflictError):
    """Nothing can be fetched of what was asked for; `left_out` is all of it, with the reasons."""

    def __init__(self, message: str, *, left_out: Sequence[LeftOut]) -> None:
        super().__init__(message)
        self.left_out = tuple(left_out)


class RateLimitedError(PixecomError):
    """The caller, or all callers together, exceeded a limit; `retry_after` is in seconds."""

    def __init__(self, message: str = "Too many requests; ask again later.", *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseBusyError(RateLimitedError):
    """The database answers, but no connection of the process became free in time."""

    def __init__(self) -> None:
        super().__init__("All connections to the database are in use; ask again later.", retry_after=BUSY_RETRY_SECONDS)


class UnavailableError(PixecomError):
    """What was asked for could not be read just now; nothing is lost, and asking again may succeed."""


class DeadlineExceededError(PixecomError):
    """The request was cancelled because it took longer than its limit of `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The request took longer than the limit of {seconds:g} seconds; ask for a shorter range or fewer entities."
        )
        self.seconds = seconds


class LeaseLostError(PixecomError):
    """The job's fencing attempt is no longer ours: nothing more may be written for it."""


class WaitingRoomFullError(PixecomError):
    """A job can't wait for a platform beside all that wait already; nothing is wrong with it."""


class JobCancelledError(PixecomError):
    """Somebody cancelled the job while it ran: nothing more may be written for it."""


class ProviderError(PixecomError):
    """The ad platform failed us. `code` and `subcode` are Meta's, where it named them."""

    def __init__(self, message: str, *, code: int | None = None, subcode: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode


class ThrottleScope(StrEnum):
    """How far a throttle reaches: every call of the app, every call for the account, or the account's one use case.

    JOB: nothing but the one that asked, whose share of our own budget is used up.
    """

    APP = "APP"
    ACCOUNT = "ACCOUNT"
    USE_CASE = "USE_CASE"
    JOB = "JOB"


class ProviderThrottledError(ProviderError):
    """A call budget is spent until `retry_at` (UTC). `use_case` is the one that was called, where it is known.

    `is_guess`: the platform named no time, and `retry_at` is a guess.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime,
        scope: ThrottleScope = ThrottleScope.ACCOUNT,
        use_case: UseCase | None = None,
        code: int | None = None,
        subcode: int | None = None,
        is_guess: bool = False,
    ) -> None:
        super().__init__(message, code=code, subcode=subcode)
        self.retry_at = retry_at
        self.is_guess = is_guess
        self.scope = scope
        self.use_case = use_case


class ProviderTransientError(ProviderError):
    """Network trouble, a 5xx answer, or an error that the platform itself calls transient."""


class MisshapenError(ProviderTransientError):
    """A field of an answer that has no shape which can be read. Who reads the answer may do without it."""


class PlatformUnreachableError(ProviderTransientError):
    """No connection to the platform came about; whatever was asked for, nothing was done."""


class PlatformDownError(ProviderTransientError):
    """Not even the smallest question about the account or page is answered: smaller ones are of no use now."""


class UnfinishedWalkError(ProviderTransientError):
    """A listing is not complete. Nothing follows from the absence of what it did not give.

    `lost_ids` are the platform's ids of what alone is missing; empty where that is unknown.
    """

    def __init__(self, message: str, *, lost_ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lost_ids = tuple(lost_ids)


class TooMuchDataError(ProviderError):
    """The platform asks to reduce the amount of data in one request."""


class ProviderPermanentError(ProviderError):
    """Trying again can't help until somebody changes something."""


class TokenRejectedError(ProviderPermanentError):
    """The access token is expired, revoked or invalid."""


class PermissionDeniedError(ProviderPermanentError):
    """The token is alive but lacks a permission for this object."""


class RequestRefusedError(ProviderPermanentError):
    """The platform understood the request and refuses it."""


class UnexplainedRefusalError(RequestRefusedError):
    """All that is asked of one account or page is refused without a reason, while the platform answers other calls.

    If that lasts, the permission is lost.
    """


class AppRefusedError(RequestRefusedError):
    """The platform refuses what this installation says of its own app: nothing follows for a token or account."""


class DeadMetricError(RequestRefusedError):
    """The platform has no metric by this name (any more); asking for others may succeed."""


class OutdatedRequestError(RequestRefusedError):
    """The platform refuses what this installation asks with or for: its version, address or app, whichever account."""


class FieldDroppedError(OutdatedRequestError):
    """The platform no longer has the `field`, or does not give it to us."""

    def __init__(self, message: str, *, field: str, code: int | None = None, subcode: int | None = None) -> None:
        super().__init__(message, code=code, subcode=subcode)
        self.field = field
