"""Failures of a mutation that a client must expect, as data: which of ours they are, and the types that clients see.

The one mapping from `app.errors` to them. What says that the request itself is wrong, or not allowed, or that a server
failed, is none of them; it stays an error of the operation (`graphql_schema.errors`).
"""

from enum import StrEnum
from typing import ClassVar

import strawberry

from app import errors
from app.observability.shortening import MESSAGE_CHARACTERS, shorten
from graphql_schema.errors import ErrorCode
from graphql_schema.types.enums import describe_enum


class UserErrorCode(StrEnum):
    """The codes of `ErrorCode` that may come as data."""

    UNAUTHENTICATED = ErrorCode.UNAUTHENTICATED.value
    NOT_FOUND = ErrorCode.NOT_FOUND.value
    CONFLICT = ErrorCode.CONFLICT.value
    BAD_USER_INPUT = ErrorCode.BAD_USER_INPUT.value


describe_enum(
    UserErrorCode,
    description="Why a mutation did nothing, as in `extensions.code`. More codes may be added.",
    UNAUTHENTICATED="The credentials are wrong.",
    NOT_FOUND="The seller has no such object.",
    CONFLICT="The request is valid but conflicts with the current state.",
    BAD_USER_INPUT="An argument is not acceptable, which only the platform could know.",
)


@strawberry.interface(
    description="An expected reason why a mutation did nothing. The request changed nothing.",
)
class UserError:
    of: ClassVar[UserErrorCode]

    message: str = strawberry.field(description="The reason, for people, in English.")
    code: UserErrorCode = strawberry.field(description="The reason, for programs.")
    path: list[str] | None = strawberry.field(
        description='The path of the argument at fault, outermost name first: `["input", "adAccountIds"]`. '
        "Null: no particular one.",
    )


@strawberry.type(description="The credentials are wrong; ask for them again. Does not say which one is wrong.")
class CredentialsError(UserError):
    of = UserErrorCode.UNAUTHENTICATED


@strawberry.type(
    description="An argument names something that does not exist or is not this seller's; remove it and try again."
)
class NotFoundError(UserError):
    of = UserErrorCode.NOT_FOUND


@strawberry.type(description="The current state does not allow the request; it may succeed once the state has changed.")
class ConflictError(UserError):
    of = UserErrorCode.CONFLICT


@strawberry.type(description="The platform rejects the access token; get another one from the platform.")
class TokenRefusedError(UserError):
    of = UserErrorCode.BAD_USER_INPUT


ExpectedFailure = errors.UnauthenticatedError | errors.NotFoundError | errors.ConflictError | errors.TokenRejectedError

_TYPES: tuple[tuple[type[ExpectedFailure], type[UserError]], ...] = (
    (errors.UnauthenticatedError, CredentialsError),
    (errors.NotFoundError, NotFoundError),
    (errors.ConflictError, ConflictError),
    (errors.TokenRejectedError, TokenRefusedError),
)
# The schema must be told of them: no field has one of them as its type.
USER_ERRORS = tuple(kind for _, kind in _TYPES)


def user_error(failure: ExpectedFailure, *, path: str | None = None) -> UserError:
    """What a client sees of a failure; `path` is the argument's, with dots: `input.adAccountIds`."""
    kind = next(kind for cause, kind in _TYPES if isinstance(failure, cause))
    return kind(message=shorten(str(failure), MESSAGE_CHARACTERS), code=kind.of, path=path.split(".") if path else None)
