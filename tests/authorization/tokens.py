"""Access tokens as the API issues them, and as somebody might make them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from app.auth.access_tokens import AUDIENCE, ISSUER
from app.clock import now
from app.identifiers import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.configuration.settings import Settings

OTHER_SECRET = "another secret, as long as the right one is"


def payload(*, user_id: UUID, seller_id: UUID, role: str | None, **changes: Any) -> dict[str, Any]:
    """The claims of a good token; a change to None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "seller": str(seller_id),
        "role": role,
        "jti": str(new_id()),
        "iat": _seconds(now()),
        "exp": _seconds(now() + timedelta(minutes=15)),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def expired() -> dict[str, Any]:
    """The claims of a token that was good until just now."""
    return {"iat": _seconds(now() - timedelta(minutes=15)), "exp": _seconds(now())}


def premature() -> dict[str, Any]:
    """The claims of a token that was issued later than clocks may differ."""
    return {"iat": _seconds(now() + timedelta(minutes=5)), "exp": _seconds(now() + timedelta(minutes=20))}


def without(claim: str) -> dict[str, Any]:
    """The change that leaves a claim out."""
    return {claim: None}


def signed(claims: dict[str, Any], settings: Settings, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, settings.auth_secret.get_secret_value(), algorithm=algorithm)


def signed_with_another_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, OTHER_SECRET, algorithm="HS256")


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none")


def signed_with_a_key_pair(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _key_pair(), algorithm="RS256")


def relabelled(token: str, algorithm: str) -> str:
    """The same token and signature under a head that names another algorithm."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode().rstrip("=")
    return ".".join([head, *token.split(".")[1:]])


@cache
def _key_pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
