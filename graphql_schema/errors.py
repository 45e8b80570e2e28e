"""The one mapping from failures to GraphQL errors, and what of them a client sees.

Expected failures (`app.errors`) and a client's own mistakes keep their sentence and get a code. An absent database is
UPSTREAM_UNAVAILABLE with a fixed sentence: a retry may succeed soon. So is a database with an older schema, or with a
role that could read all tenants' rows, until an operator corrects it. A request over its time limit is
DEADLINE_EXCEEDED, with the limit in `limitSeconds`: a retry will take as long again, a smaller request may not.
Anything else becomes INTERNAL with a correlation id and a fixed sentence, and is logged with its traceback. Never shows
the text of an unexpected exception.
"""

from __future__ import annotations

import logging
import math
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, ValueNode
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.schema.exceptions import InvalidOperationTypeError

from app.clock import now
from app.database.outage import is_outage
from app.database.revision import is_of_another_schema
from app.errors import (
    ConflictError,
    CursorExpiredError,
    DeadlineExceededError,
    ForbiddenError,
    InputError,
    MixedCurrenciesError,
    NotFoundError,
    PixecomError,
    ProviderError,
    ProviderThrottledError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UnsafeRoleError,
)
from app.observability.correlation import begin_correlation, current_correlation_id
from app.observability.line_limits import admits
from app.observability.logging import get_logger
from app.observability.shortening import NAME_CHARACTERS, shorten
from graphql_schema.messages.client_message import client_message
from graphql_schema.messages.faulty_argument import VARIABLE_FAULT, argument_of
from graphql_schema.messages.operation_record import is_mutation

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from strawberry.types import ExecutionContext

__all__ = [
    "INTERNAL_SENTENCE",
    "UNAUTHENTICATED_SENTENCE",
    "ErrorCode",
    "absence_of_database",
    "answer_too_large",
    "code_of",
    "document_too_large",
    "present_error",
    "query_too_complex",
    "rate_limited",
    "refusal_of",
    "too_many_points",
    "too_many_rows",
    "unauthenticated",
    "variables_too_large",
]

INTERNAL_SENTENCE = "Something went wrong on our side. Quote the correlation id when you ask about it."
AWAY_SENTENCE = "The database is not answering right now; try again in a moment."
MAY_HAVE_CHANGED = "A change that was requested may have taken effect."
UNFIT_SENTENCE = "The database is not set up for this release, so the request was not served. Operators: see /readyz."
AWAY_EVENT = "the database does not answer a request"
UNFIT_EVENT = "the database is not set up for this release"
UNAUTHENTICATED_SENTENCE = "This needs an access token: log in and send it as a Bearer token."
_SECRET_ARGUMENT = re.compile(r"(?i)(token|password|secret)(\.\d+)?$")
_log = get_logger(__name__)


class ErrorCode(StrEnum):
    """Every value of `extensions.code`. Part of the API: a value is never renamed."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    MIXED_CURRENCIES = "MIXED_CURRENCIES"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    INTERNAL = "INTERNAL"


_CODE_VALUES = frozenset(code.value for code in ErrorCode)

# Ordered from the special to the general: the first class that fits decides.
_CODES: tuple[tuple[type[PixecomError], ErrorCode], ...] = (
    (CursorExpiredError, ErrorCode.CURSOR_EXPIRED),
    (MixedCurrenciesError, ErrorCode.MIXED_CURRENCIES),
    (InputError, ErrorCode.BAD_USER_INPUT),
    (UnauthenticatedError, ErrorCode.UNAUTHENTICATED),
    (ForbiddenError, ErrorCode.FORBIDDEN),
    (NotFoundError, ErrorCode.NOT_FOUND),
    (ConflictError, ErrorCode.CONFLICT),
    (DeadlineExceededError, ErrorCode.DEADLINE_EXCEEDED),
    (RateLimitedError, ErrorCode.RATE_LIMITED),
    (UnavailableError, ErrorCode.UPSTREAM_UNAVAILABLE),
    (ProviderError, ErrorCode.UPSTREAM_UNAVAILABLE),
)


def code_of(error: BaseException) -> ErrorCode:
    """The code of a failure that is none of GraphQL's own errors."""
    if is_outage(error) or _is_unfit(error):
        return ErrorCode.UPSTREAM_UNAVAILABLE
    return next((code for kind, code in _CODES if isinstance(error, kind)), ErrorCode.INTERNAL)


def absence_of_database(error: Exception) -> GraphQLError | None:
    """What a client sees of a database that is away or unfit; None of any other failure. It is logged here."""
    correlation_id = current_correlation_id() or begin_correlation()
    if is_outage(error):
        sentence, level, event = _cut_short(AWAY_SENTENCE), logging.WARNING, AWAY_EVENT
    elif _is_unfit(error):
        sentence, level, event = UNFIT_SENTENCE, logging.ERROR, UNFIT_EVENT
    else:
        return None
    if admits(event, type(error).__name__):  # each comes with a traceback
        _log.log(level, event, correlation_id=correlation_id, exc_info=error)
    extensions = {"code": ErrorCode.UPSTREAM_UNAVAILABLE.value, "correlationId": correlation_id}
    return GraphQLError(sentence, extensions=extensions)


def _is_unfit(error: BaseException) -> bool:
    return isinstance(error, UnsafeRoleError) or is_of_another_schema(error)


def refusal_of(error: Exception) -> GraphQLError | None:
    """The client's error for a failure of the whole operation; None for an unexpected one."""
    if absence := absence_of_database(error):
        return absence
    if code_of(error) is ErrorCode.INTERNAL:
        return None
    return GraphQLError(_sentence_of(error), extensions=_extensions_of(error))


def rate_limited(*, retry_after: float) -> GraphQLError:
    """The caller has asked too much; `retry_after` in seconds."""
    return GraphQLError(
        "Too many requests; ask again later.",
        extensions={"code": ErrorCode.RATE_LIMITED.value, "retryAfter": math.ceil(retry_after)},
    )


def query_too_complex(*, cost: int, limit: int) -> GraphQLError:
    """The operation would cost more than one operation may."""
    return GraphQLError(
        f"The query costs {cost}, more than the limit of {limit}; ask for fewer or smaller pages.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "cost": cost, "limit": limit},
    )


def answer_too_large(limit: int) -> GraphQLError:
    """The answer would have more values than one answer may have."""
    return GraphQLError(
        f"The answer has more than the limit of {limit} values; ask for fewer or smaller pages, or for an export.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "counted": "values", "limit": limit},
    )


def too_many_rows(*, rows: int, limit: int) -> GraphQLError:
    """The lists of one level would have more rows than are read at once."""
    return GraphQLError(
        f"The query asks for up to {rows} rows of nested lists at once, more than the limit of {limit}; ask for fewer "
        "or smaller pages.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "cost": rows, "limit": limit},
    )


def document_too_large(counted: str, limit: int) -> GraphQLError:
    """The document exceeds a limit; counting stopped there."""
    return GraphQLError(
        f"The document has more than {limit} {counted}.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "counted": counted, "limit": limit},
    )


def variables_too_large(counted: str, limit: int) -> GraphQLError:
    """The variables exceed a limit; counting stopped there."""
    return GraphQLError(
        f"The variables have more than {limit} {counted}.",
        extensions={"code": ErrorCode.BAD_USER_INPUT.value, "counted": counted, "limit": limit},
    )


def unauthenticated() -> GraphQLError:
    """The document needs an access token, and none was sent."""
    return GraphQLError(UNAUTHENTICATED_SENTENCE, extensions={"code": ErrorCode.UNAUTHENTICATED.value})


def too_many_points(*, points: int, limit: int) -> GraphQLError:
    """The series of the operation would have more points than those of one operation may."""
    return GraphQLError(
        f"The query asks for {points} points of series, more than the limit of {limit}; ask for a longer granularity, "
        "a shorter range, or fewer entities.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "cost": points, "limit": limit},
    )


def present_error(error: GraphQLError, context: ExecutionContext | None, schema: GraphQLSchema) -> None:
    """Give the error its code in place: graphql-core has already put it into the result."""
    if (error.extensions or {}).get("code") in _CODE_VALUES:
        _note(error, context)
        return
    cause = _root(error)
    if absence := absence_of_database(cause):
        error.message, error.extensions = absence.message, absence.extensions
        return
    if _is_clients(error, cause):
        _present_clients(error, context, schema)
    elif code_of(cause) is ErrorCode.INTERNAL:
        _present_fault(error, cause, context)
        return
    else:
        error.message = _sentence_of(cause)
        _extend(error, _extensions_of(cause))
    _note(error, context)


def _sentence_of(error: Exception) -> str:
    return _cut_short(str(error)) if isinstance(error, DeadlineExceededError) else str(error)


def _cut_short(sentence: str) -> str:
    """What a client is told of an operation that did not get to its end."""
    return f"{sentence} {MAY_HAVE_CHANGED}" if is_mutation() else sentence


def _root(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_clients(error: GraphQLError, cause: Exception) -> bool:
    """True for what graphql-core and Strawberry find wrong with the document or its variables."""
    if isinstance(cause, StrawberryInputCoercionError | MissingQueryError | InvalidOperationTypeError):
        return True
    if error.path is not None:  # a field failed: only a wrong argument is the client's
        return isinstance(cause, GraphQLError) and error.message.startswith(("Argument '", "Variable '$"))
    if isinstance(cause, GraphQLError | RecursionError):
        return True
    return bool(error.nodes) or VARIABLE_FAULT.match(error.message) is not None


def _present_clients(error: GraphQLError, context: ExecutionContext | None, schema: GraphQLSchema) -> None:
    if isinstance(_root(error), RecursionError):
        error.message = "The document is nested too deeply."
    argument = None
    if context and context.graphql_document:
        variables, operation_name = context.variables or {}, context.operation_name
        argument = argument_of(error, context.graphql_document, schema, variables, operation_name)
    # What is refused is quoted, be it an input with a password or a token in it, or that itself.
    if argument and _SECRET_ARGUMENT.search(argument):
        error.message = f"{argument}: is not what the schema asks for."
    error.message = client_message(error.message)
    if argument and error.nodes and isinstance(error.nodes[0], ValueNode):
        error.message = f"{argument}: {error.message}"
    _extend(
        error,
        {"code": ErrorCode.BAD_USER_INPUT.value}
        | ({"argument": shorten(argument, NAME_CHARACTERS)} if argument else {}),
    )


def _extensions_of(cause: Exception) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": code_of(cause).value}
    if isinstance(cause, InputError):
        extensions["argument"] = cause.argument
    if isinstance(cause, MixedCurrenciesError):
        extensions["currencies"] = cause.currencies
    if isinstance(cause, DeadlineExceededError):
        extensions["limitSeconds"] = cause.seconds
    if isinstance(cause, RateLimitedError):
        extensions["retryAfter"] = max(1, math.ceil(cause.retry_after))
    if isinstance(cause, ProviderThrottledError):
        extensions["retryAfter"] = max(0, math.ceil((cause.retry_at - now()).total_seconds()))
    return extensions


def _present_fault(error: GraphQLError, cause: Exception, context: ExecutionContext | None) -> None:
    correlation_id = current_correlation_id() or begin_correlation()
    _log.error(
        "graphql operation failed",
        operation=context.operation_name if context else None,
        path=_dotted(error),
        correlation_id=correlation_id,
        exc_info=cause,
    )
    error.message = INTERNAL_SENTENCE
    error.extensions = {"code": ErrorCode.INTERNAL.value, "correlationId": correlation_id}


def _note(error: GraphQLError, context: ExecutionContext | None) -> None:
    """Expected failures are no faults. The sentence stays out: it may quote the client's input."""
    _log.debug(
        "graphql request refused",
        code=(error.extensions or {}).get("code"),
        operation=context.operation_name if context else None,
        path=_dotted(error),
    )


def _dotted(error: GraphQLError) -> str | None:
    return ".".join(str(part) for part in error.path) if error.path else None


def _extend(error: GraphQLError, extensions: dict[str, Any]) -> None:
    error.extensions = {**(error.extensions or {}), **extensions}
