"""Short-lived access tokens: what a request proves its user, seller and role with. Keeps nothing, looks nothing up.

JSON Web Tokens (RFC 7519) signed with HMAC-SHA256 under AUTH_SECRET; the algorithm is pinned (RFC 8725, 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import jwt

from app.clock import now
from app.errors import UnauthenticatedError
from app.identifiers import new_id

if TYPE_CHECKING:
    from app.configuration.settings import Settings

__all__ = ["AccessClaims", "AccessToken", "issue_access_token", "read_access_token"]

ALGORITHM = "HS256"
ISSUER = "pixecom"
AUDIENCE = "pixecom-api"
MAX_LENGTH = 4096
CLOCK_SKEW = timedelta(seconds=60)
_CLAIMS = ["aud", "exp", "iat", "iss", "jti", "role", "seller", "sub"]


@dataclass(frozen=True, kw_only=True)
class AccessClaims:
    """Who asks, for which seller, in which role. `token_id` names the token in audits and logs."""

    user_id: UUID
    seller_id: UUID
    role: str
    token_id: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A signed token and what it says."""

    text: str = field(repr=False)
    claims: AccessClaims


def issue_access_token(*, user_id: UUID, seller_id: UUID, role: str, settings: Settings) -> AccessToken:
    """A new token that lives for ACCESS_TOKEN_MINUTES from now."""
    issued_at = now().replace(microsecond=0)
    claims = AccessClaims(
        user_id=user_id,
        seller_id=seller_id,
        role=role,
        token_id=new_id(),
        issued_at=issued_at,
        expires_at=issued_at + timedelta(minutes=settings.access_token_minutes),
    )
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "seller": str(seller_id),
        "role": role,
        "jti": str(claims.token_id),
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
    }
    return AccessToken(
        text=jwt.encode(payload, settings.auth_secret.get_secret_value(), algorithm=ALGORITHM),
        claims=claims,
    )


def read_access_token(text: str, settings: Settings) -> AccessClaims:
    """What a token says, once its signature, issuer, audience and life are checked.

    Raises UnauthenticatedError with the same sentence for every fault but expiry, which a client may mend.
    """
    claims = _verified(text, settings)
    present = now()
    if claims.expires_at <= present:
        raise UnauthenticatedError("The access token has expired.")
    if claims.issued_at > present + CLOCK_SKEW:
        raise UnauthenticatedError("The access token is not valid.")
    return claims


def _verified(text: str, settings: Settings) -> AccessClaims:
    try:
        if len(text) > MAX_LENGTH:
            raise jwt.DecodeError
        payload = jwt.decode(
            text,
            settings.auth_secret.get_secret_value(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            # Times are checked by the caller, against our own clock.
            options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "strict_aud": True},
        )
        return AccessClaims(
            user_id=UUID(payload["sub"]),
            seller_id=UUID(payload["seller"]),
            role=_text(payload["role"]),
            token_id=UUID(payload["jti"]),
            issued_at=_instant(payload["iat"]),
            expires_at=_instant(payload["exp"]),
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise UnauthenticatedError("The access token is not valid.") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return datetime.fromtimestamp(value, UTC)
