"""Who sent a request, by its Authorization header (RFC 6750). Never logs the header, never queries the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from app.auth.access_tokens import AccessClaims, read_access_token
from app.errors import UnauthenticatedError
from app.http.requests.log_line import note_in_access_log
from app.http.requests.refusal import RequestRefused
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from app.configuration.settings import Settings

__all__ = ["claims_of", "find_claims", "read_bearer"]

_READ = "pixecom.bearer"


def claims_of(request: Request, settings: Settings) -> AccessClaims | None:
    """The claims of the request's bearer token, which its line in the log names; None without one.

    Raises RequestRefused with 401 and WWW-Authenticate for a token that is not valid, so that a client with an
    expired token never silently becomes an anonymous one.
    """
    claims = _read(request.scope, settings)
    if isinstance(claims, str):
        raise _unauthenticated(claims)
    return claims


def find_claims(scope: Scope, settings: Settings) -> AccessClaims | None:
    """The claims of a valid bearer token; None without one."""
    claims = _read(scope, settings)
    return claims if isinstance(claims, AccessClaims) else None


def read_bearer(authorization: str, settings: Settings) -> AccessClaims:
    """The claims in the value of an Authorization header. Raises UnauthenticatedError."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("The Authorization header must be a bearer token.")
    return read_access_token(token.strip(), settings)


def _read(scope: Scope, settings: Settings) -> AccessClaims | str | None:
    """The claims, or what is wrong with the header; kept in the scope, so that a token is verified once per request."""
    if _READ in scope:
        return scope[_READ]
    header = Headers(scope=scope).get("authorization")
    claims: AccessClaims | str | None = None
    if header is not None:
        try:
            claims = read_bearer(header, settings)
            note_in_access_log(scope, seller_id=str(claims.seller_id), user_id=str(claims.user_id))
        except UnauthenticatedError as error:
            claims = str(error)
    scope[_READ] = claims
    return claims


def _unauthenticated(sentence: str) -> RequestRefused:
    challenge = f'Bearer realm="pixecom", error="invalid_token", error_description="{sentence}"'
    return RequestRefused(
        401,
        sentence,
        code=ErrorCode.UNAUTHENTICATED,
        headers={"WWW-Authenticate": challenge},
    )
