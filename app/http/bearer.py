"""Who sends a request, from its Authorization header (RFC 6750). Never logs the header, never looks anybody up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.access_tokens import AccessClaims, read_access_token
from app.errors import UnauthenticatedError
from app.http.correlation import note_in_access_log
from app.http.refusal import RequestRefused
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from starlette.requests import Request

    from app.settings import Settings

__all__ = ["claims_of", "read_bearer"]


def claims_of(request: Request, settings: Settings) -> AccessClaims | None:
    """The claims of the request's bearer token, which its line in the log names; None without any Authorization.

    Raises RequestRefused with 401 and WWW-Authenticate for a token that is not valid, so that a client whose token
    has run out never silently becomes an anonymous one.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    try:
        claims = read_bearer(header, settings)
    except UnauthenticatedError as error:
        raise _unauthenticated(str(error)) from None
    note_in_access_log(request.scope, seller_id=str(claims.seller_id), user_id=str(claims.user_id))
    return claims


def read_bearer(authorization: str, settings: Settings) -> AccessClaims:
    """The claims of what stands in an Authorization header. Raises UnauthenticatedError."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("The Authorization header must be a bearer token.")
    return read_access_token(token.strip(), settings)


def _unauthenticated(sentence: str) -> RequestRefused:
    challenge = f'Bearer realm="pixecom", error="invalid_token", error_description="{sentence}"'
    return RequestRefused(
        401,
        sentence,
        code=ErrorCode.UNAUTHENTICATED,
        headers={"WWW-Authenticate": challenge},
    )
