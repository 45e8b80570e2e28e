"""Logging in: e-mail and password against an access token for one of the user's sellers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.auth.access_tokens import issue_access_token
from app.auth.passwords import verify_password
from app.database.transactions import across_tenants, login_transaction
from app.errors import NotFoundError, UnauthenticatedError
from app.queries.across_tenants import find_seller, list_memberships, list_sellers
from app.queries.logins import find_login, find_owner

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.auth.access_tokens import AccessToken
    from app.queries.across_tenants import MembershipRef
    from app.services.context import Services

# The same for a wrong address, a wrong password and a seller that isn't the user's.
REFUSAL = "The e-mail address or the password is wrong."


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """A short-lived access token and for whom it speaks."""

    access_token: str = field(repr=False)
    expires_at: datetime
    user_id: UUID
    seller_id: UUID


async def log_in(services: Services, *, email: str, password: str, seller_slug: str | None = None) -> LoginResult:
    """A token for the seller named, otherwise for the one the user joined first.

    Raises UnauthenticatedError, in the same words and the same time whatever was wrong.
    """
    async with login_transaction(services.database.app, email.strip().lower()) as driver:
        login = await find_login(driver, email.strip().lower())
    known = await verify_password(login.password_hash if login else None, password)
    if login is None or not known or not login.is_active:
        raise UnauthenticatedError(REFUSAL)
    membership = await _choose_membership(services, login.user_id, seller_slug)
    return _result(_issue(services, login.user_id, membership))


async def _choose_membership(services: Services, user_id: UUID, seller_slug: str | None) -> MembershipRef:
    async with across_tenants(services.database.system) as driver:
        memberships = await list_memberships(driver, user_id=user_id)
    for membership in memberships:
        if seller_slug is None or membership.slug == seller_slug:
            return membership
    raise UnauthenticatedError(REFUSAL)


def _issue(services: Services, user_id: UUID, membership: MembershipRef) -> AccessToken:
    return issue_access_token(
        user_id=user_id,
        seller_id=membership.seller_id,
        role=membership.role,
        settings=services.settings,
    )


def _result(token: AccessToken) -> LoginResult:
    claims = token.claims
    return LoginResult(
        access_token=token.text,
        expires_at=claims.expires_at,
        user_id=claims.user_id,
        seller_id=claims.seller_id,
    )


async def mint_development_token(services: Services, *, seller_slug: str | None = None) -> str:
    """A token for an owner of the seller named, or of the oldest seller, without a password.

    For the command line of a development installation, which holds the signing secret anyway.
    Raises NotFoundError when there is no such seller or it has no owner.
    """
    async with across_tenants(services.database.system) as driver:
        sellers = await list_sellers(driver)
        seller = await find_seller(driver, slug=seller_slug) if seller_slug else next(iter(sellers), None)
        owner = await find_owner(driver, seller.seller_id) if seller else None
    if owner is None:
        names = ", ".join(seller.slug for seller in sellers) or "none; run `pixecom seed` first"
        raise NotFoundError(f"there is no seller {seller_slug!r} with an owner; the sellers are: {names}")
    return _issue(services, owner.user_id, owner.membership).text
