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
    description="Why a mutation did not do it, in the words of `extensions.code`. There may be more in the future.",
    UNAUTHENTICATED="The credentials are wrong.",
    NOT_FOUND="There is no such thing for this seller.",
    CONFLICT="The request is fine but contradicts the present state.",
    BAD_USER_INPUT="An argument is not acceptable, which only the platform could tell.",
)


@strawberry.interface(
    description="Why a mutation did not do what was asked for, where a client must expect that. "
    "Nothing was changed by the request then.",
)
class UserError:
    of: ClassVar[UserErrorCode]

    message: str = strawberry.field(description="Why, for people, in English.")
    code: UserErrorCode = strawberry.field(description="Why, for programs.")
    path: list[str] | None = strawberry.field(
        description='The argument that it is about, from the outside in: `["input", "adAccountIds"]`. '
        "Null: about none in particular.",
    )


@strawberry.type(description="Ask for the credentials again. Does not say which of them is wrong.")
class CredentialsError(UserError):
    of = UserErrorCode.UNAUTHENTICATED


@strawberry.type(description="What an argument names is not there, or not this seller's; drop it and ask again.")
class NotFoundError(UserError):
    of = UserErrorCode.NOT_FOUND


@strawberry.type(description="The present state does not allow it; the same request may succeed once that has changed.")
class ConflictError(UserError):
    of = UserErrorCode.CONFLICT


@strawberry.type(description="The platform does not take the access token; get another one from it.")
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
