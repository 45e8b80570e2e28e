from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
import pytest

from app.auth.access_tokens import AccessClaims, issue_access_token, read_access_token
from app.clock import frozen
from app.errors import UnauthenticatedError

if TYPE_CHECKING:
    from app.configuration.settings import Settings

USER = UUID("019a0000-0000-7000-8000-000000000001")
SELLER = UUID("019a0000-0000-7000-8000-000000000002")
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def _payload(**changes: Any) -> dict[str, Any]:
    payload = {
        "iss": "pixecom",
        "aud": "pixecom-api",
        "sub": str(USER),
        "seller": str(SELLER),
        "role": "OWNER",
        "jti": "019a0000-0000-7000-8000-000000000003",
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 900,
    }
    return {key: value for key, value in (payload | changes).items() if value is not None}


def _signed(settings: Settings, **changes: Any) -> str:
    return jwt.encode(_payload(**changes), settings.auth_secret.get_secret_value(), algorithm="HS256")


def test_a_token_says_what_it_was_issued_for(settings: Settings) -> None:
    with frozen(NOON):
        token = issue_access_token(user_id=USER, seller_id=SELLER, role="ANALYST", settings=settings)
        claims = read_access_token(token.text, settings)

    assert claims == token.claims
    assert claims == AccessClaims(
        user_id=USER,
        seller_id=SELLER,
        role="ANALYST",
        token_id=token.claims.token_id,
        issued_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        expires_at=datetime(2026, 3, 1, 12, 15, tzinfo=UTC),
    )
    assert token.text not in repr(token)


def test_every_token_has_its_own_id(settings: Settings) -> None:
    first = issue_access_token(user_id=USER, seller_id=SELLER, role="OWNER", settings=settings)
    second = issue_access_token(user_id=USER, seller_id=SELLER, role="OWNER", settings=settings)

    assert first.claims.token_id != second.claims.token_id


def test_a_token_lives_until_its_last_second(settings: Settings) -> None:
    text = _signed(settings)

    with frozen(NOON.replace(microsecond=0) + timedelta(seconds=899)):
        assert read_access_token(text, settings).user_id == USER
    with (
        frozen(NOON.replace(microsecond=0) + timedelta(seconds=900)),
        pytest.raises(UnauthenticatedError, match=r"^The access token has expired\.$"),
    ):
        read_access_token(text, settings)


def _refused(text: str, settings: Settings) -> None:
    with frozen(NOON), pytest.raises(UnauthenticatedError, match=r"^The access token is not valid\.$"):
        read_access_token(text, settings)


def test_a_token_under_another_secret_is_refused(settings: Settings, other_secret: Settings) -> None:
    _refused(_signed(other_secret), settings)


def test_an_unsigned_token_is_refused(settings: Settings) -> None:
    _refused(jwt.encode(_payload(), "", algorithm="none"), settings)


def test_another_algorithm_under_our_secret_is_refused(settings: Settings) -> None:
    secret = settings.auth_secret.get_secret_value() * 2
    doubled = settings.model_copy(update={"auth_secret": type(settings.auth_secret)(secret)})
    _refused(jwt.encode(_payload(), secret, algorithm="HS512"), doubled)


@pytest.mark.parametrize("claim", ["aud", "exp", "iat", "iss", "jti", "role", "seller", "sub"])
def test_a_token_without_a_claim_is_refused(settings: Settings, claim: str) -> None:
    _refused(_signed(settings, **{claim: None}), settings)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "elsewhere"},
        {"aud": ["pixecom-api", "elsewhere"]},
        {"iss": "elsewhere"},
        {"sub": "1"},
        {"seller": "1"},
        {"seller": 7},
        {"jti": "x"},
        {"role": ""},
        {"role": ["OWNER"]},
        {"exp": "soon"},
        {"exp": 10**30},
        {"iat": True},
        {"iat": int(NOON.timestamp()) + 120},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(settings: Settings, change: dict[str, Any]) -> None:
    _refused(_signed(settings, **change), settings)


def test_any_changed_character_is_refused(settings: Settings) -> None:
    head, body, signature = _signed(settings).split(".")
    changed = "A" if signature[0] != "A" else "B"

    _refused(f"{head}.{body}.{changed}{signature[1:]}", settings)
    _refused(f"{head}.{_signed(settings, role='ADMIN').split('.')[1]}.{signature}", settings)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "Bearer x", "é.é.é", "x" * 5000])
def test_what_is_no_token_is_refused(settings: Settings, text: str) -> None:
    _refused(text, settings)
