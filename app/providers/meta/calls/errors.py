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
from app.providers.meta.calls.access_loss import TOKEN_CODES, Loss, certain_loss, likely_loss, names_loss
from app.providers.meta.calls.envelope import find_error
from app.providers.meta.calls.installation_faults import VERSION_ENDED, find_fault, find_refused_field, without_ids
from app.providers.meta.calls.passing_signs import THROTTLE_SUBCODES, asks_to_try_again, names_outage, names_throttle
from app.providers.meta.calls.usage import regain_wait
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.errors import ProviderError
    from app.providers.meta.calls.credentials import Credentials
    from app.providers.meta.values.node import Node

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
    # 9, 18 and 36 are older ones of the user. New use cases get the next number after 80000.
    **dict.fromkeys((4, 9, 17, 18, 32, 36, 341, 613, *range(80000, 80100)), Kind.THROTTLED),
    # Passing trouble of theirs; 960 in batches, -2 a report that failed, 104 a connection reset.
    **dict.fromkeys((-2, 1, 2, 99, 104, 960, 1200), Kind.TRANSIENT),
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
    **dict.fromkeys(range(80002, 80100)),
    80000: UseCase.ADS_INSIGHTS,
    80004: UseCase.ADS_MANAGEMENT,
}

# Where only the text tells.
_TOO_HEAVY_TEXT = "reduce the amount of data"
_FLAKY_TEXT = ("cannot include", "in summary param")
_TRANSIENT_SUBCODE = 99
_LOGIN_ERROR = "OAuthException"
# Graph's types of errors all end so; the fields are those that no other API's errors have.
_TYPE_ENDS = "Exception"
_GRAPHS_FIELDS = frozenset({"fbtrace_id", "error_subcode", "error_user_title", "error_user_msg", "is_transient"})
# Of OAuth (RFC 6749, 5.2; RFC 6750, 3.1): what the token lacks, and not what a proxy calls its own refusal.
_OAUTH_REFUSALS = frozenset({"invalid_token", "invalid_grant", "insufficient_scope"})
_BETWEEN_TEXTS = " | "
_SOMEBODY_ELSE = "a proxy or firewall on the way may have answered"
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


_OF_ACCESS = frozenset({Kind.TOKEN, Kind.PERMISSION})
_LOSSES: Mapping[Loss, type[ProviderError]] = {
    Loss.TOKEN: TokenRejectedError,
    Loss.PERMISSION: PermissionDeniedError,
    Loss.BLOCKED: RequestRefusedError,
    Loss.UNEXPLAINED: UnexplainedRefusalError,
}


class MetaFailure(NamedTuple):
    """What Meta said of one failed call. `code` is None where it said nothing that we can read.

    `is_login_error`: its type is OAuthException, as that of most errors is, whatever they are about. `is_graphs`: it
    has the form of Graph's errors; what has not may be the answer of a proxy or a firewall. `asked`: the fields that
    the call asked for.
    """

    http_status: int
    message: str
    code: int | None = None
    subcode: int | None = None
    is_transient: bool = False
    is_login_error: bool = False
    is_graphs: bool = True
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
    legacy = _legacy_failure(http_status, body)
    if legacy is not None:
        return legacy
    envelope = find_error(body, is_success=is_success)
    return None if envelope is None else _read_envelope(http_status, envelope)


def _oauth_failure(http_status: int, error: str, description: object) -> MetaFailure:
    """As OAuth has it (RFC 6749, 5.2; RFC 6750, 3)."""
    message = f"{description} ({error})" if isinstance(description, str) and description else error
    is_login_error = error in _OAUTH_REFUSALS and http_status in _REFUSALS
    return MetaFailure(http_status, message, is_login_error=is_login_error, is_graphs=False)


def _legacy_failure(http_status: int, body: Node) -> MetaFailure | None:
    """As Meta's API before Graph had it; a report has fields of nearly these names."""
    code, message = body.integer("error_code"), body.fields.get("error_msg")
    if code is None or not isinstance(message, str) or "id" in body.fields or body.fields.get("data"):
        return None
    return MetaFailure(http_status, message or "no message", code, body.integer("error_subcode"))


def _read_envelope(http_status: int, envelope: Node) -> MetaFailure:
    """As Graph has it; text that is no text is left out."""
    parts = [
        value
        for name in ("message", "error_user_title", "error_user_msg")
        if isinstance(value := envelope.fields.get(name), str) and value
    ]
    kind, code = envelope.fields.get("type"), envelope.integer("code")
    is_typed = isinstance(kind, str) and kind.endswith(_TYPE_ENDS)
    is_graphs = code is not None and (is_typed or not _GRAPHS_FIELDS.isdisjoint(envelope.fields))
    return MetaFailure(
        http_status=http_status,
        message=_BETWEEN_TEXTS.join(dict.fromkeys(parts)) or "no message",
        code=code,
        subcode=envelope.integer("error_subcode"),
        is_transient=envelope.flag("is_transient"),
        is_login_error=kind == _LOGIN_ERROR,
        is_graphs=is_graphs,
    )


def kind_of(failure: MetaFailure) -> Kind:
    """Which class of failure this is."""
    if not failure.is_transient and find_fault(failure.message, failure.code, failure.asked) is not None:
        return Kind.OUTDATED
    kind = _kind_by_text(failure) or _kind_by_code(failure)
    if kind is Kind.REFUSED or failure.code in TOKEN_CODES:
        kind = _kind_of_refusal(failure) or kind
    return Kind.TRANSIENT if kind in _OF_ACCESS and _is_passing(failure) else kind


def _is_passing(failure: MetaFailure) -> bool:
    """Whether a failure that speaks of access says of itself that it passes: nothing follows for the access."""
    is_theirs = failure.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return failure.is_transient or is_theirs or names_outage(failure.headline)


def _kind_of_refusal(failure: MetaFailure) -> Kind | None:
    """What a refusal is about whose code says too little; None where its text says no more."""
    loss = certain_loss(failure.headline, failure.code, is_known=failure.code in KINDS_BY_CODE)
    if loss is None:
        return None
    return Kind.TOKEN if loss is Loss.TOKEN else Kind.PERMISSION


def is_certain(failure: MetaFailure) -> bool:
    """Whether a failure leaves no doubt that the token is dead."""
    return kind_of(failure) is Kind.TOKEN and failure.is_graphs


def is_doubtful(failure: MetaFailure) -> bool:
    """Whether a failure may be a sign of lost access: any refusal may, whatever it says, unless it passes."""
    if not failure.is_graphs:
        return is_silent_refusal(failure)
    if _is_passing(failure) or is_certain(failure):
        return False
    return kind_of(failure) in {Kind.REFUSED, Kind.PERMISSION} or _is_vague_denial(failure)


def names_access(failure: MetaFailure) -> bool:
    """Whether its code is one of lost access, which nothing else has."""
    return kind_of(failure) in _OF_ACCESS


def names_dead_token(failure: MetaFailure) -> bool:
    """Whether an answer says that the token is dead by Graph's code, or as OAuth does."""
    return kind_of(failure) is Kind.TOKEN or (failure.is_login_error and _likely_loss_of(failure) is Loss.TOKEN)


def is_silent_refusal(failure: MetaFailure) -> bool:
    """Whether the answer is that of a refusal, or leads elsewhere, and is not one of Graph's errors."""
    if failure.is_graphs or failure.http_status in _PASSING or kind_of(failure) in {Kind.THROTTLED, Kind.OUTDATED}:
        return False
    is_said = failure.is_login_error or names_access(failure)
    is_refusal = is_said or failure.http_status >= HTTPStatus.MULTIPLE_CHOICES
    return is_refusal and failure.http_status < HTTPStatus.INTERNAL_SERVER_ERROR


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
            return _likely_loss_of(failure)


def _likely_loss_of(failure: MetaFailure) -> Loss | None:
    return likely_loss(
        failure.message,
        failure.code,
        failure.subcode,
        http_status=failure.http_status,
        is_login_error=failure.is_login_error,
        is_known=failure.code in KINDS_BY_CODE,
    )


def _is_vague_denial(failure: MetaFailure) -> bool:
    """Words of lost access in what counts as passing trouble, which does not call itself passing."""
    is_denial = kind_of(failure) is Kind.TRANSIENT and names_loss(failure.headline)
    return is_denial and not asks_to_try_again(failure.headline)


def _kind_by_text(failure: MetaFailure) -> Kind | None:
    text = failure.message.lower()
    if _TOO_HEAVY_TEXT in text:
        return Kind.TOO_MUCH_DATA
    if all(part in text for part in _FLAKY_TEXT):
        return Kind.TRANSIENT
    is_limit = failure.subcode in THROTTLE_SUBCODES or names_throttle(failure.headline)
    return Kind.THROTTLED if is_limit and KINDS_BY_CODE.get(failure.code or 0) is not Kind.TOKEN else None


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
    return known or _kind_of_unknown(failure)


def _kind_of_unknown(failure: MetaFailure) -> Kind:
    if failure.http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return Kind.THROTTLED
    is_passing = failure.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR or asks_to_try_again(failure.headline)
    return Kind.TRANSIENT if is_passing else Kind.REFUSED


def provider_error(
    failure: MetaFailure,
    *,
    headers: Mapping[str, str],
    credentials: Credentials,
    use_case: UseCase | None = None,
    account: str | None = None,
) -> ProviderError:
    """The error to raise for a call of this use case, about the account or page of this bare id.

    Its text is Meta's, with every secret masked.
    """
    text = _sentence(failure, credentials)
    code, subcode = failure.code, failure.subcode
    kind = kind_of(failure)
    if kind is Kind.OUTDATED:
        return _outdated_error(failure, without_ids(text))
    if kind is not Kind.THROTTLED:
        return _ERRORS[kind](text, code=code, subcode=subcode)
    scope, limited = _scope_of(code), _USE_CASE_LIMITS.get(code or 0) or use_case
    reached = (limited,) if limited and scope is ThrottleScope.USE_CASE else tuple(UseCase)
    wait = regain_wait(headers, account=account, use_cases=reached)
    return ProviderThrottledError(
        text,
        retry_at=clock.now() + (wait or WAIT_WITHOUT_BUDGET),
        is_guess=not wait,
        scope=scope,
        use_case=limited,
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


def as_refusal(error: ProviderError) -> ProviderError:
    """An error of access that was said of one thing, as the refusal of that thing; any other as it is."""
    if not isinstance(error, PermissionDeniedError | TokenRejectedError):
        return error
    return RequestRefusedError(str(error), code=error.code, subcode=error.subcode)


def _scope_of(code: int | None) -> ThrottleScope:
    if code in _APP_LIMITS:
        return ThrottleScope.APP
    return ThrottleScope.USE_CASE if code in _USE_CASE_LIMITS else ThrottleScope.ACCOUNT


def _sentence(failure: MetaFailure, credentials: Credentials) -> str:
    message = credentials.without_secrets(failure.message, _MAX_MESSAGE)
    if not failure.is_graphs:
        said = f": {message}" if message else ""
        return f"The answer (HTTP {failure.http_status}) is not one of Meta's errors; {_SOMEBODY_ELSE}{said}"
    if failure.code is None:
        return f"Meta answered HTTP {failure.http_status}: {message}"
    number = f"code {failure.code}" if failure.subcode is None else f"code {failure.code}/{failure.subcode}"
    return f"Meta answered HTTP {failure.http_status}, {number}: {message}"
