"""Meta's error envelope as the project's errors: one table by code and subcode, never by HTTP status.

Throttles come as HTTP 400 or 403 and seldom as 429, and "reduce the amount of data" as HTTP 500, so the status only
decides where Meta named no code. The table: Meta's error and rate-limit pages, and what connectors observed.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.errors import (
    FieldDroppedError,
    OutdatedRequestError,
    PermissionDeniedError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    ThrottleScope,
    TokenRejectedError,
    TooMuchDataError,
    UnexplainedRefusalError,
)
from app.providers.meta.access_loss import TOKEN_CODES, Loss, certain_loss, likely_loss, names_loss
from app.providers.meta.envelope import find_error
from app.providers.meta.installation_faults import VERSION_ENDED, find_fault, find_refused_field, without_ids
from app.providers.meta.usage import regain_wait
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.errors import ProviderError
    from app.providers.meta.credentials import Credentials
    from app.providers.meta.node import Node

PAGE_TOO_HEAVY = 1
# The wait after a throttle that names none, where no call budget has a better guess.
WAIT_WITHOUT_BUDGET = timedelta(minutes=10)
_MAX_MESSAGE = 500


class Kind(Enum):
    THROTTLED = auto()
    TRANSIENT = auto()
    TOO_MUCH_DATA = auto()
    TOKEN = auto()
    PERMISSION = auto()
    OUTDATED = auto()
    REFUSED = auto()


# Where the subcode says more than the code. These win over `is_transient`.
KINDS_BY_SUBCODE: Mapping[tuple[int, int], Kind] = {
    (2, 1504038): Kind.TOO_MUCH_DATA,  # the query timed out
    (100, 1504018): Kind.TOO_MUCH_DATA,  # the query timed out
    (100, 1487534): Kind.TOO_MUCH_DATA,
    (2, 1504041): Kind.REFUSED,  # invalid breakdowns, in a code that is transient otherwise
    (2, 1504042): Kind.REFUSED,  # custom metrics, likewise
    (3001, 1504028): Kind.REFUSED,  # page insights without a metric
}

KINDS_BY_CODE: Mapping[int, Kind] = {
    # Limits: of the app, the user, the page, the ad account, the business use case.
    **dict.fromkeys((4, 17, 32, 341, 613), Kind.THROTTLED),
    **dict.fromkeys((*range(80000, 80007), 80008, 80009, 80014), Kind.THROTTLED),
    # Passing trouble of theirs; 960 in batches, -2 a report that failed, 104 a connection reset.
    **dict.fromkeys((-2, 1, 2, 99, 104, 960), Kind.TRANSIENT),
    **dict.fromkeys((102, 190), Kind.TOKEN),
    **dict.fromkeys((3, 10, *range(200, 300)), Kind.PERMISSION),  # 294 among them
    VERSION_ENDED: Kind.OUTDATED,
    # A bad request, blocked for policy, a bad query, beyond 37 months.
    **dict.fromkeys((100, 368, 2500, 3018), Kind.REFUSED),
}

# How far a limit reaches (Meta's rate-limit page): the app's as a whole (341 is also the app's downtime), or one use
# case's. All others - of the user, the page, the ad account, or unknown - stop every call for the account.
_APP_LIMITS = frozenset({4, 341})
_USE_CASE_LIMITS: Mapping[int, UseCase | None] = {
    80000: UseCase.ADS_INSIGHTS,
    80004: UseCase.ADS_MANAGEMENT,
    **dict.fromkeys((80002, 80003, 80005, 80006, 80008, 80009, 80014)),
}

# Where only the text tells.
_TOO_HEAVY_TEXT = "reduce the amount of data"
_FLAKY_TEXT = ("cannot include", "in summary param")
_TRANSIENT_SUBCODE = 99
_LOGIN_ERROR = "OAuthException"
_BETWEEN_TEXTS = " | "
_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
# Statuses of refusals that only ask for patience.
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


_ERRORS: Mapping[Kind, type[ProviderError]] = {
    Kind.TRANSIENT: ProviderTransientError,
    Kind.TOO_MUCH_DATA: TooMuchDataError,
    Kind.TOKEN: TokenRejectedError,
    Kind.PERMISSION: PermissionDeniedError,
    Kind.REFUSED: RequestRefusedError,
}


_LOSSES: Mapping[Loss, type[ProviderError]] = {
    Loss.TOKEN: TokenRejectedError,
    Loss.PERMISSION: PermissionDeniedError,
    Loss.BLOCKED: RequestRefusedError,
    Loss.UNEXPLAINED: UnexplainedRefusalError,
}


class MetaFailure(NamedTuple):
    """What Meta said of one failed call. `code` is None where it said nothing that we can read.

    `is_login_error`: its type is OAuthException, as that of most errors is, whatever they are about. `asked`: the
    fields that the call asked for.
    """

    http_status: int
    message: str
    code: int | None = None
    subcode: int | None = None
    is_transient: bool = False
    is_login_error: bool = False
    asked: Sequence[str] = ()

    @property
    def headline(self) -> str:
        """What Meta says to developers, without what it would have us show to people."""
        return self.message.partition(_BETWEEN_TEXTS)[0]


def find_failure(http_status: int, body: Node) -> MetaFailure | None:
    """The failure that a body tells of; None where it tells of none."""
    is_success = HTTPStatus.OK <= http_status < HTTPStatus.MULTIPLE_CHOICES
    error = body.fields.get("error")
    if isinstance(error, str) and error and not is_success:
        return _oauth_failure(http_status, error, body.fields.get("error_description"))
    envelope = find_error(body, is_success=is_success)
    return None if envelope is None else _read_envelope(http_status, envelope)


def _oauth_failure(http_status: int, error: str, description: object) -> MetaFailure:
    """As OAuth has it (RFC 6749, 5.2; RFC 6750, 3)."""
    message = f"{description} ({error})" if isinstance(description, str) and description else error
    return MetaFailure(http_status, message, is_login_error=http_status in _REFUSALS)


def _read_envelope(http_status: int, envelope: Node) -> MetaFailure:
    """As Graph has it; text that is no text is left out."""
    parts = [
        value
        for name in ("message", "error_user_title", "error_user_msg")
        if isinstance(value := envelope.fields.get(name), str) and value
    ]
    return MetaFailure(
        http_status=http_status,
        message=_BETWEEN_TEXTS.join(dict.fromkeys(parts)) or "no message",
        code=envelope.integer("code"),
        subcode=envelope.integer("error_subcode"),
        is_transient=envelope.flag("is_transient"),
        is_login_error=envelope.fields.get("type") == _LOGIN_ERROR,
    )


def kind_of(failure: MetaFailure) -> Kind:
    """Which class of failure this is."""
    if not failure.is_transient and find_fault(failure.message, failure.code, failure.asked) is not None:
        return Kind.OUTDATED
    kind = _kind_by_text(failure.message.lower()) or _kind_by_code(failure)
    if kind is Kind.REFUSED or failure.code in TOKEN_CODES:
        return _kind_of_refusal(failure) or kind
    return kind


def _kind_of_refusal(failure: MetaFailure) -> Kind | None:
    """What a refusal is about whose code says too little; None where its text says no more."""
    loss = certain_loss(failure.headline, failure.code, is_known=failure.code in KINDS_BY_CODE)
    if loss is None:
        return None
    return Kind.TOKEN if loss is Loss.TOKEN else Kind.PERMISSION


def is_doubtful(failure: MetaFailure) -> bool:
    """Whether a failure may be a sign of lost access: any refusal may, whatever it says."""
    return is_silent_refusal(failure) or kind_of(failure) is Kind.REFUSED or _is_vague_denial(failure)


def is_silent_refusal(failure: MetaFailure) -> bool:
    """Whether the answer is that of a refusal, or leads elsewhere, and is not one of Graph's errors."""
    if failure.code is not None or failure.http_status in _PASSING:
        return False
    is_redirect_or_refusal = HTTPStatus.MULTIPLE_CHOICES <= failure.http_status < HTTPStatus.INTERNAL_SERVER_ERROR
    return failure.is_login_error or is_redirect_or_refusal


def loss_of(failure: MetaFailure) -> Loss | None:
    """The loss of access that a failure points to."""
    match kind_of(failure):
        case Kind.TOKEN:
            return Loss.TOKEN
        case Kind.PERMISSION:
            return Loss.PERMISSION
        case _ if not is_doubtful(failure):
            return None
        case _:
            return likely_loss(
                failure.message,
                failure.code,
                failure.subcode,
                http_status=failure.http_status,
                is_login_error=failure.is_login_error,
                is_known=failure.code in KINDS_BY_CODE,
            )


def _is_vague_denial(failure: MetaFailure) -> bool:
    """Words of lost access in what counts as passing trouble, which Meta does not call passing itself."""
    return kind_of(failure) is Kind.TRANSIENT and not failure.is_transient and names_loss(failure.headline)


def _kind_by_text(text: str) -> Kind | None:
    if _TOO_HEAVY_TEXT in text:
        return Kind.TOO_MUCH_DATA
    return Kind.TRANSIENT if all(part in text for part in _FLAKY_TEXT) else None


def _kind_by_code(failure: MetaFailure) -> Kind:
    if failure.code is None:
        return Kind.THROTTLED if failure.http_status == HTTPStatus.TOO_MANY_REQUESTS else Kind.TRANSIENT
    if failure.subcode is not None and (exact := KINDS_BY_SUBCODE.get((failure.code, failure.subcode))):
        return exact
    known = KINDS_BY_CODE.get(failure.code)
    if known is not None and known is not Kind.REFUSED:
        return known
    if failure.is_transient or failure.subcode == _TRANSIENT_SUBCODE:
        return Kind.TRANSIENT
    return known or _kind_by_status(failure.http_status)


def _kind_by_status(http_status: int) -> Kind:
    if http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return Kind.THROTTLED
    return Kind.TRANSIENT if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else Kind.REFUSED


def provider_error(
    failure: MetaFailure,
    *,
    headers: Mapping[str, str],
    credentials: Credentials,
    use_case: UseCase | None = None,
) -> ProviderError:
    """The error to raise for a call of this use case. Its text is Meta's, with every secret masked."""
    text = _sentence(failure, credentials)
    code, subcode = failure.code, failure.subcode
    kind = kind_of(failure)
    if kind is Kind.OUTDATED:
        return _outdated_error(failure, without_ids(text))
    if kind is not Kind.THROTTLED:
        return _ERRORS[kind](text, code=code, subcode=subcode)
    wait = regain_wait(headers)
    return ProviderThrottledError(
        text,
        retry_at=clock.now() + (wait or WAIT_WITHOUT_BUDGET),
        is_guess=not wait,
        scope=_scope_of(code),
        use_case=_USE_CASE_LIMITS.get(code or 0) or use_case,
        code=code,
        subcode=subcode,
    )


def _outdated_error(failure: MetaFailure, text: str) -> OutdatedRequestError:
    field = find_refused_field(failure.message, failure.code, failure.asked)
    if field is not None:
        return FieldDroppedError(text, field=field, code=failure.code, subcode=failure.subcode)
    return OutdatedRequestError(text, code=failure.code, subcode=failure.subcode)


def loss_error(loss: Loss, failure: MetaFailure, credentials: Credentials) -> ProviderError:
    """The error of a failure that has turned out to be a loss of access, or a refusal of everything."""
    return _LOSSES[loss](_sentence(failure, credentials), code=failure.code, subcode=failure.subcode)


def _scope_of(code: int | None) -> ThrottleScope:
    if code in _APP_LIMITS:
        return ThrottleScope.APP
    return ThrottleScope.USE_CASE if code in _USE_CASE_LIMITS else ThrottleScope.ACCOUNT


def _sentence(failure: MetaFailure, credentials: Credentials) -> str:
    number = "no code" if failure.code is None else f"code {failure.code}"
    if failure.subcode is not None:
        number += f"/{failure.subcode}"
    message = credentials.without_secrets(failure.message, _MAX_MESSAGE)
    return f"Meta answered HTTP {failure.http_status}, {number}: {message}"
